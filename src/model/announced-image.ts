import type { Cid } from './ids.ts'

/** An image that an app announces by webhook. */
export type NewAnnouncedImage = {
  /** What the delivery is called: the same again is the same image. */
  readonly deliveryId: string
  /** What the app calls the content: a record's URI, a DID, `did/cid`, a blob's CID, or an id of its own. */
  readonly contentId: string
  /** Where the image is. It may hold a credential, and is forgotten once the image was looked at. */
  readonly url: string
}

/** An announced image that is to be looked at. */
export type AnnouncedImage = NewAnnouncedImage & {
  readonly id: number
  /** How often it was started, this time included; at least 1. */
  readonly attempts: number
  /** Of the bytes, where an earlier attempt has found them; undefined at first. */
  readonly cid: Cid | undefined
}
