import type { ImageHash } from './hash.ts'
import type { AtUri, Cid, Did } from './ids.ts'
import type { Match } from './match.ts'

/** The programs that send pictures to Harrier: Bluesky's automod, Ozone, and Eurosky's fork of the former. */
export const blobSenders = ['hepa', 'ozone', 'eurosky'] as const

/** One member of `blobSenders`. */
export type BlobSender = (typeof blobSenders)[number]

/** The record that shows a blob, as its sender says. */
export type BlobPlace = { readonly did: Did; readonly uri: AtUri }

/** Bytes that were sent to us, rather than fetched. */
export type NewBlob = { readonly sender: BlobSender; readonly bytes: Uint8Array } & (
  | { readonly kind: 'scan'; readonly place: BlobPlace | undefined }
  /** A moderator has reported the blob: its record is reviewed, whatever it matches. */
  | { readonly kind: 'report'; readonly place: BlobPlace }
)

/** What was found out about bytes that were sent to us. */
export type ReceivedBlob = {
  /** Of the bytes. */
  readonly cid: Cid
  /** A scan's outcome, such as `hashed` or `unscannable:corrupt`; `unhashed:<error>` where the decoder was unwell. */
  readonly outcome: string
  /** Everything that was matched: where the picture could not be hashed, digests alone. */
  readonly hashes: readonly ImageHash[]
  /** Those that act, nearest first. */
  readonly matches: readonly Match[]
  /** The review of the record, where one was asked for. */
  readonly reviewId: number | undefined
}

/** The labels that the programs know which ask for known child sexual abuse material. */
export const receiverLabels = ['csam', 'csem'] as const

/** One member of `receiverLabels`. */
export type ReceiverLabel = (typeof receiverLabels)[number]

/** Which label the matches of a bank are told with. */
export type BankLabel = { readonly bank: string; readonly label: ReceiverLabel }
