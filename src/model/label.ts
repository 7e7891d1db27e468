import type { Cid, Did, SubjectUri } from './ids.ts'
import { isReservedVal } from './label-definition.ts'

/** The most bytes a label value may have (lexicon `com.atproto.label.defs#label`). */
export const maxLabelValBytes = 128

/** A label before it is signed, in the words of `com.atproto.label.defs#label`. Absent fields are left out. */
export type Label = {
  readonly src: Did
  readonly uri: SubjectUri
  /** The version of the record that the label is about; absent for accounts and for every version. */
  readonly cid?: Cid
  readonly val: string
  /** True withdraws the label; absent otherwise, never false. */
  readonly neg?: true
  /** ISO 8601 with milliseconds, UTC; later than every earlier label with the same `src`, `uri` and `val`. */
  readonly cts: string
  readonly exp?: string
}

/** A label as it is wanted: its subject and value, without the fields that signing fills in. */
export type WantedLabel = {
  readonly uri: SubjectUri
  readonly cid?: Cid
  readonly val: string
  /** True withdraws the label, from every version. */
  readonly neg?: true
  /** ISO 8601, UTC, ending in `Z`. */
  readonly exp?: string
}

/** A label as published. */
export type SignedLabel = Label & {
  readonly ver: 1
  /** 64 bytes, r then s, low-S. */
  readonly sig: Uint8Array
  /** The whole signed label as canonical DAG-CBOR, `sig` included: what goes on the stream. */
  readonly bytes: Uint8Array
  /** The key that signed it, `did:key:…`. */
  readonly signedBy: string
}

/** A published label with its place in the stream: positive, rising, never reused, gaps allowed. */
export type SequencedLabel = Omit<SignedLabel, 'signedBy'> & { readonly seq: number }

/** What subscribers are sent of a published label: its seq, and the bytes that were signed. */
export type StreamedLabel = Pick<SequencedLabel, 'seq' | 'bytes'>

/** The current value for one subject and label value, as decisions need it: what is published, or is to be. */
export type LabelState = Pick<Label, 'uri' | 'val' | 'exp'> & {
  readonly cid: Cid | undefined
  readonly isNegated: boolean
  /** The `cts` of the newest that is published; undefined when none is. */
  readonly cts: string | undefined
}

/** What a value that is not reserved may be: `a-z` and `-`, no `-` at either end, 1 to 100 bytes, for a definition can name no longer one. */
export const labelValPattern: RegExp = /^[a-z](?:[a-z-]{0,98}[a-z])?$/

/** Type guard for a value clients honour: one of that pattern, or one of the reserved values such as `!hide`. */
export function isLabelVal(text: string): boolean {
  return isReservedVal(text) || labelValPattern.test(text)
}
