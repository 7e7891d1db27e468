import type { AtUri, Cid, Did } from './ids.ts'

/** What records show images as: `post` in a post, `avatar` and `banner` of a profile, `other` whatever else. */
export const imageUses = ['post', 'avatar', 'banner', 'other'] as const

/** One member of `imageUses`. */
export type ImageUse = (typeof imageUses)[number]

/** Where an image was seen: a blob that a record of an account refers to. */
export type ImageRef = {
  readonly did: Did
  /** The record that refers to the blob. */
  readonly uri: AtUri
  /** The version of that record. */
  readonly recordCid: Cid
  /** The blob. */
  readonly cid: Cid
  readonly use: ImageUse
  /** As the record's author declared it; never trusted beyond choosing what to look at. */
  readonly mimeType: string
  /** Bytes, as declared; undefined for the legacy blob form. */
  readonly size: number | undefined
}

/** The image formats that are decoded, by the names the decoder gives them. */
export const imageFormats = ['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const

/** One member of `imageFormats`. */
export type ImageFormat = (typeof imageFormats)[number]
