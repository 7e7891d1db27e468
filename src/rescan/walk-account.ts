import type { AtUri, Cid, Did } from '../model/ids.ts'
import type { ImageRef } from '../model/image.ts'
import type { CollectionCounts, RescanGap, RescanPlace } from '../model/rescan.ts'
import type { UnavailableReason } from '../model/scan.ts'
import { AccountUnavailableError } from './account-unavailable.ts'
import { PageTrail } from './page-trail.ts'

/** A page of a collection as the account's host gives it, or why it does not. */
type ListedRecords =
  | {
      readonly kind: 'records'
      readonly records: readonly { readonly uri: AtUri; readonly cid: Cid; readonly record: unknown }[]
      readonly refused: number
      readonly cursor: string | undefined
    }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason }

/** A version of a record, as whoever looks for its images needs it. */
export type RecordVersion = {
  readonly did: Did
  readonly uri: AtUri
  readonly recordCid: Cid
  readonly record: unknown
}

/** What a record shows, and how many things of it are refused. */
export type ExtractImages = (version: RecordVersion) => {
  readonly images: readonly ImageRef[]
  readonly drops: readonly unknown[]
}

/** What walking needs. `listRecords` waits until it may ask, and asks again where that may help. */
export type WalkDeps = {
  readonly listRecords: (
    did: Did,
    collection: string,
    page: { readonly limit: number; readonly cursor: string | undefined },
    signal: AbortSignal,
  ) => Promise<ListedRecords>
  readonly extractImages: ExtractImages
}

/** How far a walk goes. */
export type WalkOptions = {
  /** Records that are asked for at once, 1 to 100. */
  readonly pageSize: number
  /** The most records of one collection. */
  readonly maxRecords: number
}

/** One page more: its images, and where the walk is behind it. */
export type WalkStep = { readonly images: readonly ImageRef[]; readonly place: RescanPlace }

/** What a host may refuse of one collection; anything else is about the account, and ends the walk. */
const gapsOfReasons: Partial<Record<UnavailableReason, RescanGap>> = {
  'bad-response': 'bad-response',
  'too-large': 'too-large',
}

/**
 * Yields the images of an account's records, page by page and collection by collection, from a place on. A collection that
 * its host does not give to the end is left with its gap, and the walk goes on with the next.
 * @throws {AccountUnavailableError}; what `listRecords` rejects with.
 */
export async function* walkAccount(
  deps: WalkDeps,
  options: WalkOptions,
  did: Did,
  from: RescanPlace,
  signal: AbortSignal,
): AsyncGenerator<WalkStep, void, undefined> {
  let place = from
  while (place.index < place.collections.length) {
    for await (const step of walkCollection(deps, options, did, place, signal)) {
      place = step.place
      yield step
    }
  }
}

async function* walkCollection(
  deps: WalkDeps,
  { pageSize, maxRecords }: WalkOptions,
  did: Did,
  from: RescanPlace,
  signal: AbortSignal,
): AsyncGenerator<WalkStep, void, undefined> {
  const { collection = '' } = from.collections[from.index] ?? {}
  const trail = new PageTrail(from.cursor)
  let limit = pageSize
  let place = from
  while (place.index === from.index) {
    const page = await deps.listRecords(did, collection, { limit, cursor: place.cursor }, signal)
    if (page.kind === 'unavailable' && page.reason === 'too-large' && limit > 1) {
      limit = Math.ceil(limit / 4)
      continue
    }
    const step =
      page.kind === 'records'
        ? takePage(deps, did, page, { trail, place, maxRecords })
        : { images: [], place: behindCollection(place, gapOf(page.reason)) }
    place = step.place
    yield step
  }
}

type Page = Extract<ListedRecords, { readonly kind: 'records' }>
type Walk = { readonly trail: PageTrail; readonly place: RescanPlace; readonly maxRecords: number }

function takePage(
  { extractImages }: WalkDeps,
  did: Did,
  page: Page,
  { trail, place, maxRecords }: Walk,
): WalkStep {
  const isNew = !trail.hasSeen(page)
  const gap = trail.follow(page)
  const shown = page.records.map(({ uri, cid, record }) =>
    extractImages({ did, uri, recordCid: cid, record }),
  )
  const images = shown.flatMap((of) => of.images)
  const refused = page.refused + shown.reduce((sum, { drops }) => sum + drops.length, 0)
  const counted = isNew
    ? withCounts(place, { records: page.records.length, images: images.length, refused })
    : place
  const records = counted.collections[place.index]?.records ?? 0
  if (gap !== undefined) return { images, place: behindCollection(counted, gap) }
  if (page.cursor === undefined) return { images, place: behindCollection(counted, undefined) }
  if (records >= maxRecords) return { images, place: behindCollection(counted, 'too-many-records') }
  return { images, place: { ...counted, cursor: page.cursor } }
}

function gapOf(reason: UnavailableReason): RescanGap {
  const gap = gapsOfReasons[reason]
  if (gap === undefined) throw new AccountUnavailableError(reason)
  return gap
}

type Found = { readonly records: number; readonly images: number; readonly refused: number }

function withCounts(place: RescanPlace, found: Found): RescanPlace {
  return changed(place, (counts) => ({
    ...counts,
    records: counts.records + found.records,
    images: counts.images + found.images,
    refused: counts.refused + found.refused,
  }))
}

/** Returns where the next collection begins, with why this one was left before its end. */
function behindCollection(place: RescanPlace, gap: RescanGap | undefined): RescanPlace {
  const left = gap === undefined ? place : changed(place, (counts) => ({ ...counts, gap }))
  return { ...left, index: place.index + 1, cursor: undefined }
}

function changed(place: RescanPlace, change: (counts: CollectionCounts) => CollectionCounts): RescanPlace {
  const collections = place.collections.map((counts, index) =>
    index === place.index ? change(counts) : counts,
  )
  return { ...place, collections }
}
