import { isValidHandle } from '@atproto/syntax'
import { parseDid } from '../../model/ids.ts'
import type { Check, DoctorDeps, Outcome } from './check.ts'
import { resolveEndpoint } from './resolve-endpoint.ts'
import { resolveHandle } from './resolve-handle.ts'

const usage =
  'Name a DID (did:plc:…, did:web:…), a handle (labeler.example.com) or a URL (https://labeler.example.com)'

/** Which labeler is meant: turns what a person named into a DID. */
export function createSubjectCheck(subject: string | undefined): Check<never> {
  return {
    name: 'subject',
    needs: [],
    gives: ['did', 'named'],
    async run(_evidence, deps, signal) {
      if (subject === undefined) return ownSubject(deps)
      const name = nameOf(subject)
      const did = parseDid(name)
      if (did) return { status: 'ok', says: did, learned: { did, named: {} } }
      const url = /^https?:\/\//.test(name) ? URL.parse(name) : null
      if (url) return resolveEndpoint(url, deps, signal)
      if (isValidHandle(name)) return handleSubject(name, deps, signal)
      return { status: 'fail', says: 'what was named is neither a DID, a handle nor a URL', fix: usage }
    },
  }
}

function ownSubject({ own }: DoctorDeps): Outcome {
  if (own)
    return {
      status: 'ok',
      says: `${own.did}, the labeler of this installation`,
      learned: { did: own.did, named: {} },
    }
  return {
    status: 'fail',
    says: 'this installation has no labeler account yet',
    fix: `Set HARRIER_LABELER_DID, or name another labeler: ${usage}`,
  }
}

async function handleSubject(handle: string, deps: DoctorDeps, signal: AbortSignal): Promise<Outcome> {
  const found = await resolveHandle(handle, deps, signal)
  if (found.did)
    return { status: 'ok', says: `${handle} is ${found.did}`, learned: { did: found.did, named: { handle } } }
  return {
    status: 'fail',
    says: `${handle} resolves to no DID: ${found.says}`,
    fix: `Set the TXT record _atproto.${handle} to did=<the DID>, or serve the DID at https://${handle}/.well-known/atproto-did`,
  }
}

/** The handle or DID inside the forms that people copy: `@handle`, `at://…`, a profile's address at Bluesky. */
function nameOf(text: string): string {
  const [, profile] = /^https:\/\/(?:[a-z-]+\.)?bsky\.app\/profile\/([^/?#]+)/.exec(text) ?? []
  return (profile ?? text)
    .trim()
    .replace(/^(?:at:\/\/|@)/, '')
    .replace(/\/+$/, '')
}
