import { isValidHandle } from '@atproto/syntax'
import type { ResolvedDocument } from '../../atproto/fetch-did-document.ts'
import type { Check } from './check.ts'
import { resolveHandle } from './resolve-handle.ts'

/** The handle resolves both ways: the document names it, and it names the DID. Labels do without; people do not. */
export const handleCheck: Check<'did' | 'document' | 'named'> = {
  name: 'handle',
  needs: ['did', 'document', 'named'],
  async run({ did, document, named }, deps, signal) {
    const handle = handleOf(document)
    if (handle === undefined) {
      return {
        status: 'warn',
        says: 'the DID document names no handle: clients show handle.invalid, and nobody finds the labeler by name',
        fix: 'Give the account a handle (com.atproto.identity.updateHandle, or alsoKnownAs of a did:web)',
      }
    }
    if (named.handle !== undefined && named.handle.toLowerCase() !== handle.toLowerCase()) {
      return {
        status: 'warn',
        says: `${named.handle} names this account, whose own handle is ${handle}`,
        fix: `Use ${handle}, or make ${named.handle} the account's handle`,
      }
    }
    const answer = await resolveHandle(handle, deps, signal)
    if (answer.did === did) return { status: 'ok', says: `${handle}, both ways, ${answer.says}` }
    return {
      status: 'warn',
      says: `${handle} does not lead back to the account (${answer.did ?? answer.says}): clients show handle.invalid`,
      fix: `Set the TXT record _atproto.${handle} to did=${did}, or serve the DID at https://${handle}/.well-known/atproto-did`,
    }
  },
}

/** The first `at://` name, which is the one that counts. */
function handleOf({ alsoKnownAs = [] }: ResolvedDocument): string | undefined {
  const handle = alsoKnownAs.find((name) => name.startsWith('at://'))?.slice('at://'.length)
  return handle !== undefined && isValidHandle(handle) ? handle : undefined
}
