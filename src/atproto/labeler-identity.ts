import type { DidDocument } from '@atproto/identity'
import { labelKeyOf } from './label-key.ts'

/** What a labeler's DID document says of it; `undefined` for what it does not say, or not in a form that can be used. */
export type LabelerIdentity = {
  /** Scheme, host and port of service `#atproto_labeler`, over http(s). */
  readonly endpoint: string | undefined
  /** The key `#atproto_label` as `did:key:z…`. */
  readonly didKey: string | undefined
}

/** Returns the label endpoint and the label key of a DID document. Ids may be a fragment, or the DID and that. */
export function labelerIdentityOf(doc: DidDocument): LabelerIdentity {
  const key = labelKeyOf(doc)
  return { endpoint: endpointOf(doc), didKey: key.kind === 'found' ? key.didKey : undefined }
}

function endpointOf({ id, service = [] }: DidDocument): string | undefined {
  const ids = ['#atproto_labeler', `${id}#atproto_labeler`]
  const entry = service.find((candidate) => ids.includes(candidate.id))
  if (entry?.type !== 'AtprotoLabeler' || typeof entry.serviceEndpoint !== 'string') return undefined
  const url = URL.parse(entry.serviceEndpoint)
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.origin : undefined
}
