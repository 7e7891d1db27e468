import type { SubjectUri } from './ids.ts'

/** Why the records of a collection could not be looked at to their end, each with a sentence for people. */
export const rescanGaps = {
  'bad-response': 'the host does not answer as com.atproto.repo.listRecords does',
  'too-large': 'a single record is larger than what is read of an answer',
  'cursor-loop': 'the host repeats itself: its pages lead back to one that was seen',
  'empty-pages': 'the host gives one empty page after the other',
  'too-many-records': 'the collection has more records than are looked at in one rescan',
} as const

/** One key of `rescanGaps`. */
export type RescanGap = keyof typeof rescanGaps

/** What was found in one collection so far. */
export type CollectionCounts = {
  /** An NSID. */
  readonly collection: string
  readonly records: number
  readonly images: number
  /** Records that are not what their CID says, and blobs of records that are not looked at. */
  readonly refused: number
  readonly gap?: RescanGap
}

/** How far the walk through an account's records has got. */
export type RescanPlace = {
  /** In the order in which they are walked. */
  readonly collections: readonly CollectionCounts[]
  /** Which of them is walked; their number once all were. */
  readonly index: number
  /** Where the next page of it begins; undefined at its beginning. */
  readonly cursor: string | undefined
}

/** Looking again at every image of an account or of one record, from its start until its end. */
export type Rescan = RescanPlace & {
  readonly id: number
  readonly subject: SubjectUri
  /** ISO 8601. */
  readonly startedAt: string
  /** Rises with every step that is durable. */
  readonly step: number
  /** Images that wait because of the rescan, or were looked at because of it. */
  readonly queued: number
}

/** What became of a rescan's images. */
export type RescanScans = {
  /** Images that were found, those included that waited already. */
  readonly images: number
  /** Those of them that wait, or are being looked at. */
  readonly waiting: number
  /** Those that nobody could look at: dead jobs, kept for a person. */
  readonly dead: number
  /** Those that had a match, which nothing suppresses, since the rescan began. */
  readonly matched: number
}

/** Returns the sums over all collections. */
export function totalsOf({ collections }: Pick<RescanPlace, 'collections'>): {
  readonly records: number
  readonly images: number
  readonly refused: number
} {
  const sum = (of: 'records' | 'images' | 'refused'): number =>
    collections.reduce((total, counts) => total + counts[of], 0)
  return { records: sum('records'), images: sum('images'), refused: sum('refused') }
}
