import type { Cid, Did } from './ids.ts'

/** Why an upload could not be judged, each with a sentence for people. */
export const unjudgedReasons = {
  'too-large': 'The picture has more bytes than are judged',
  limit: 'The picture has more pixels, or needs more memory, than are decoded',
  corrupt: 'The bytes begin as a picture does, and the decoder cannot read them',
  encoding: 'The body is in a content encoding that cannot be undone',
  timeout: 'There was no verdict in time',
  hasher: 'The picture could not be hashed: the decoder failed, or too many wait for it',
} as const

/** One key of `unjudgedReasons`. */
export type UnjudgedReason = keyof typeof unjudgedReasons

/** Why the record that shows a blob is looked for: it has no verdict, or an app announced it by webhook and it matches. */
export type LookReason = UnjudgedReason | 'announced'

/** An upload that was passed on without a verdict. */
export type UnjudgedUpload = {
  /** Whose it is, as the upload's token says; undefined where the token does not say it. */
  readonly did: Did | undefined
  /** Of the bytes as they are stored. */
  readonly cid: Cid
  /** Bytes. */
  readonly size: number
  readonly reason: UnjudgedReason
}

/** An upload that is to be looked at later. */
export type UploadRecheck = Omit<UnjudgedUpload, 'did' | 'reason'> & {
  readonly id: number
  readonly reason: LookReason
  readonly did: Did
  /** How often it was started, this time included; at least 1. */
  readonly attempts: number
}
