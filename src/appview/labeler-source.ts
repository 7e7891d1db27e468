import type { IdentityResolver } from '../atproto/identity.ts'
import { type LabelerIdentity, labelerIdentityOf } from '../atproto/labeler-identity.ts'
import { AppError, messageOf } from '../lib/errors.ts'
import type { Did } from '../model/ids.ts'

/** Why a labeler cannot be followed by what its DID says, each with a sentence. */
export const identityFaults = {
  'no-document': 'its DID is unknown or deleted, or its DID document is not one',
  'no-endpoint':
    'its DID document has no service #atproto_labeler of type AtprotoLabeler with an http(s) endpoint',
  'no-key': 'its DID document has no key #atproto_label that can be used',
} as const

/** One key of `identityFaults`. */
export type IdentityFault = keyof typeof identityFaults

/** Where a labeler's stream is, and the key that signs it: `did:key:z…`. */
export type LabelerSource = { readonly endpoint: string; readonly didKey: string }

/** The directory or the host of a `did:web` is unwell, or points where we do not go. */
export class UnresolvableLabelerError extends AppError {
  override readonly name = 'UnresolvableLabelerError'
}

/** Finds labelers by their DID documents. */
export interface LabelerSources {
  /**
   * Returns both as the DID document has them now, or what it lacks.
   * @throws {UnresolvableLabelerError} when the document cannot be had; the caller's own abort reason.
   */
  resolve(did: Did, signal: AbortSignal): Promise<LabelerSource | IdentityFault>
  /** The same, but what was found last is good enough while the document cannot be had. */
  resolveOrRecall(did: Did, signal: AbortSignal): Promise<LabelerSource | IdentityFault>
}

/** Returns a finder. The identity resolver must remember nothing, so that every document is a fresh one. */
export function createLabelerSources(identity: Pick<IdentityResolver, 'resolveDoc'>): LabelerSources {
  const known = new Map<Did, LabelerSource>()

  return {
    resolve,
    async resolveOrRecall(did, signal) {
      try {
        return await resolve(did, signal)
      } catch (error) {
        const last = known.get(did)
        if (last && error instanceof UnresolvableLabelerError) return last
        throw error
      }
    },
  }

  async function resolve(did: Did, signal: AbortSignal): Promise<LabelerSource | IdentityFault> {
    const doc = await resolveDoc(did, signal)
    const source = doc ? sourceOf(labelerIdentityOf(doc)) : 'no-document'
    if (typeof source === 'string') known.delete(did)
    else known.set(did, source)
    return source
  }

  async function resolveDoc(did: Did, signal: AbortSignal) {
    try {
      return await identity.resolveDoc(did, signal)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      throw new UnresolvableLabelerError('upstream', messageOf(error), { cause: error })
    }
  }
}

function sourceOf({ endpoint, didKey }: LabelerIdentity): LabelerSource | IdentityFault {
  if (endpoint === undefined) return 'no-endpoint'
  return didKey === undefined ? 'no-key' : { endpoint, didKey }
}
