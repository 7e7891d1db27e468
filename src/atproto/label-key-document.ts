import type { SafeFetch } from '../lib/safe-fetch.ts'
import type { Did } from '../model/ids.ts'
import { createIdentityResolver } from './identity.ts'
import { labelerIdentityOf } from './labeler-identity.ts'

/** The labeler's DID document, as far as its label key goes. */
export interface LabelKeyDocument {
  /** True for a `did:web` whose document Harrier serves: it names the live key by itself. */
  readonly isOurs: boolean
  /**
   * Returns the key that the document names now, without any cache, as `did:key:z…`; undefined when there is no document
   * or it names none. @throws an `AppError` when the directory or the host is unwell.
   */
  resolveKey(signal: AbortSignal): Promise<string | undefined>
}

/** What reading the document needs. */
export type LabelKeyDocumentDeps = {
  readonly did: Did
  readonly isOurs: boolean
  readonly fetch: SafeFetch
  readonly plcUrl: string
  /** The longest that one lookup may take, in milliseconds. */
  readonly timeoutMs: number
}

/** A change of keys must be seen at once: nothing is remembered. */
const noMemory = { load: async () => undefined, save: async () => undefined, forget: async () => undefined }

/** Returns the document of a labeler. */
export function createLabelKeyDocument({ did, isOurs, ...deps }: LabelKeyDocumentDeps): LabelKeyDocument {
  const resolver = createIdentityResolver({ ...deps, store: noMemory, now: () => 0 })
  return {
    isOurs,
    async resolveKey(signal) {
      const doc = await resolver.resolveDoc(did, signal)
      return doc && labelerIdentityOf(doc).didKey
    },
  }
}
