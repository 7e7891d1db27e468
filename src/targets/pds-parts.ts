import type { AtUri, Cid, Did } from '../model/ids.ts'
import type { TargetSubject } from '../model/target.ts'

/** What a PDS takes down one by one. */
export type PdsPart =
  | { readonly kind: 'account'; readonly did: Did }
  | { readonly kind: 'record'; readonly uri: AtUri; readonly cid: Cid }
  | {
      readonly kind: 'blob'
      readonly did: Did
      readonly cid: Cid
      readonly uri: AtUri | undefined
      /** Its place among the blobs of the record, from 1. */
      readonly place: number
    }

/** Returns the parts of a subject: a record's blobs are its own, after the record. */
export function partsOf(subject: TargetSubject): readonly PdsPart[] {
  const { did } = subject
  if (subject.kind === 'account') return [{ kind: 'account', did }]
  if (subject.kind === 'blob') return [{ kind: 'blob', did, cid: subject.cid, uri: subject.uri, place: 1 }]
  const { uri, blobs } = subject
  const own = [...new Set(blobs)].map((cid, n) => ({ kind: 'blob', did, cid, uri, place: n + 1 }) as const)
  return [{ kind: 'record', uri, cid: subject.cid }, ...own]
}

/** Returns the part as the input of `com.atproto.admin.updateSubjectStatus` has it. */
export function subjectOf(part: PdsPart): object {
  if (part.kind === 'account') return { $type: 'com.atproto.admin.defs#repoRef', did: part.did }
  if (part.kind === 'record') return { $type: 'com.atproto.repo.strongRef', uri: part.uri, cid: part.cid }
  const { did, cid, uri } = part
  return {
    $type: 'com.atproto.admin.defs#repoBlobRef',
    did,
    cid,
    ...(uri === undefined ? {} : { recordUri: uri }),
  }
}

/** Returns the parameters of `com.atproto.admin.getSubjectStatus` that ask for the part. */
export function paramsOf(part: PdsPart): Readonly<Record<string, string>> {
  if (part.kind === 'account') return { did: part.did }
  return part.kind === 'record' ? { uri: part.uri } : { did: part.did, blob: part.cid }
}

/** Returns the part in words, without the CID of a blob: that tells the hash of the image. */
export function formatPart(part: PdsPart): string {
  return part.kind === 'blob' ? `blob ${part.place}` : part.kind
}
