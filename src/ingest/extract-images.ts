import { type AtUri, type Cid, parseBlobCid } from '../model/ids.ts'
import type { ImageRef, ImageUse } from '../model/image.ts'
import type { DropReason } from '../model/stream-event.ts'

/** The record whose blobs are looked for. */
export type RecordVersion = Pick<ImageRef, 'did' | 'uri' | 'recordCid'> & { readonly record: unknown }

/** What a record shows. */
export type ExtractedImages = {
  /** In document order, each CID once. */
  readonly images: readonly ImageRef[]
  /** One for each thing refused; `too-many-blobs` once per record. */
  readonly drops: readonly DropReason[]
}

type Fields = Readonly<Record<string, unknown>>
type FoundBlob = {
  readonly cid: unknown
  readonly mimeType: string
  readonly size: unknown
  /** The record's own field that holds it, at whatever depth. */
  readonly field: string
}

const maxMimeTypeChars = 100

/**
 * Returns the images that a record refers to, wherever they stand and whatever its lexicon: the network's blob objects
 * and their legacy form. Only what calls itself `image/*` or plain bytes is an image; video, captions and the like
 * are passed over. Looks at no more than `maxImages` of them.
 *
 * Works on the JSON as it came and without recursion: a record cannot hide an image behind its depth or its width.
 */
export function extractImages(version: RecordVersion, maxImages: number): ExtractedImages {
  const { record, ...place } = version
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    return { images: [], drops: ['record-unreadable'] }
  }
  const images = new Map<Cid, ImageRef>()
  const drops: DropReason[] = []
  for (const blob of findBlobs(record)) {
    if (!isImageType(blob.mimeType)) continue
    const cid = parseBlobCid(blob.cid)
    if (!cid) {
      drops.push('bad-blob-cid')
    } else if (!images.has(cid)) {
      if (images.size === maxImages)
        return { images: [...images.values()], drops: [...drops, 'too-many-blobs'] }
      const { mimeType, field } = blob
      images.set(cid, { ...place, cid, use: useOf(place.uri, field), mimeType, size: sizeOf(blob.size) })
    }
  }
  return { images: [...images.values()], drops }
}

/** An image that a profile has twice is what it is first. */
function useOf(uri: AtUri, field: string): ImageUse {
  const collection = uri.split('/')[3]
  if (collection === 'app.bsky.feed.post') return 'post'
  const isOfProfile = collection === 'app.bsky.actor.profile' && (field === 'avatar' || field === 'banner')
  return isOfProfile ? field : 'other'
}

function* findBlobs(record: object): Generator<FoundBlob> {
  const waiting: { readonly value: object; readonly field: string | undefined }[] = [
    { value: record, field: undefined },
  ]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, field } = next
    const blob = Array.isArray(value) ? undefined : blobOf(value as Fields)
    // A blob's own fields hold no blob, but what only looks like one may hold an image that is shown.
    if (blob) yield { ...blob, field: field ?? '' }
    // Last in, first out: children go on the stack from the last, so that they come off in document order.
    const children: readonly (readonly [string, unknown])[] = Object.entries(value)
    for (let index = children.length - 1; index >= 0; index--) {
      const [name, child] = children[index] as readonly [string, unknown]
      if (typeof child === 'object' && child !== null) waiting.push({ value: child, field: field ?? name })
    }
  }
}

/** `{ $type: 'blob', ref: { $link }, mimeType, size }`, or the form before it, `{ cid, mimeType }`. */
function blobOf(value: Fields): Omit<FoundBlob, 'field'> | undefined {
  const { mimeType } = value
  if (typeof mimeType !== 'string') return undefined
  const type = mimeType.slice(0, maxMimeTypeChars).toLowerCase()
  if (value['$type'] === 'blob') return { cid: linkOf(value['ref']), mimeType: type, size: value['size'] }
  const isLegacy = value['$type'] === undefined && typeof value['cid'] === 'string'
  return isLegacy ? { cid: value['cid'], mimeType: type, size: undefined } : undefined
}

function linkOf(ref: unknown): unknown {
  return typeof ref === 'object' && ref !== null ? (ref as Fields)['$link'] : undefined
}

function isImageType(mimeType: string): boolean {
  return mimeType.startsWith('image/') || mimeType === 'application/octet-stream'
}

function sizeOf(size: unknown): number | undefined {
  return Number.isSafeInteger(size) && (size as number) >= 0 ? (size as number) : undefined
}
