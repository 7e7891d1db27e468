import { type Kysely, sql } from 'kysely'
import type { AtUri, Cid } from '../model/ids.ts'
import type { ImageRef } from '../model/image.ts'
import type { Findings } from '../model/match.ts'
import type { Evidence, ReviewImage } from '../model/review.ts'
import { type MatchColumns, matchOfRow, type Proof, rowsOfFindings, suppressorOfRow } from './match-store.ts'
import type { Schema } from './schema.ts'

/** The most matches that one review keeps: enough for any judgement, and a bound on what an account can make us write. */
export const maxEvidence = 500

/** How looking at an image ended. */
export type LookedAt = Findings & {
  readonly image: ImageRef
  readonly proof: Proof
  /** A scan's outcome. */
  readonly outcome: string
}

/** A blob that was sent to us as an image of a record whose version is not known yet. */
export type ReceivedImage = Findings & {
  readonly proof: Proof
  readonly uri: AtUri
  readonly cid: Cid
  /** A scan's outcome. */
  readonly outcome: string
}

/** What `record_cid` holds while the version of the record is not known. */
const unknownVersion = ''

/** What speaks for or against the subjects of reviews: their images, and the matches of these. */
export interface EvidenceStore {
  /**
   * Adds images that are to be looked at; those that a review has already wait again. One that was kept without the
   * version of its record has that version from now on.
   */
  addImages(reviewId: number, images: readonly ImageRef[]): Promise<void>
  /**
   * Keeps an image's outcome and matches with the reviews of its record and of its account that are not closed. A match
   * that a review has is kept once, at its least distance, or as it was found last where what suppresses it has changed.
   * Returns the reviews that have any of the matches.
   */
  attach(looked: LookedAt, foundAt: string): Promise<number[]>
  /** Keeps an image that was sent to us, with its matches, as `attach` does, for one review. */
  keep(reviewId: number, received: ReceivedImage, foundAt: string): Promise<void>
  /** Keeps the matches that were found before a review was opened, each as it was found last, newest first up to the bound. */
  adopt(reviewId: number): Promise<void>
  /** Keeps what another review of the same subject has, as far as this one does not have it, up to the bound. */
  carryOver(fromReviewId: number, reviewId: number): Promise<void>
  /** Returns a review's images, by record and CID. */
  images(reviewId: number): Promise<ReviewImage[]>
  /** Returns a review's matches, those that act before those that are suppressed, nearest first in each. */
  list(reviewId: number): Promise<Evidence[]>
}

/** The columns that every table of matches has. */
const matchColumns =
  sql.raw(`bank_id, bank, content_id, hash_type, profile, variant, distance, tier, suppressed_by, opinion,
  image_hash, bank_hash, policy, banks_version`)

/** Returns the evidence tables' functions over a connection or a transaction. The writing ones belong in a transaction. */
export function createEvidenceStore(db: Kysely<Schema>): EvidenceStore {
  return {
    async addImages(reviewId, images) {
      for (const { uri, recordCid, cid } of images) {
        await settleVersion(db, reviewId, uri, recordCid, cid)
        await db
          .insertInto('review_images')
          .values({ review_id: reviewId, uri, record_cid: recordCid, blob_cid: cid })
          .onConflict((conflict) =>
            conflict
              .columns(['review_id', 'uri', 'record_cid', 'blob_cid'])
              .doUpdateSet({ outcome: null, looked_at: null }),
          )
          .execute()
      }
    },

    async attach({ image, outcome, proof, ...findings }, foundAt) {
      const reviews = await db
        .selectFrom('reviews')
        .select('id')
        .where('subject', 'in', [image.uri, image.did])
        // Written out, for the index of those that are not: with a bound value the statement would be planned anew each time.
        .where('state', '!=', sql.lit('closed'))
        .orderBy('id')
        .execute()
      if (reviews.length === 0) return []
      const rows = await rowsOfFindings(db, findings, proof)
      for (const { id } of reviews) {
        await saveOutcome(db, id, image, outcome, foundAt)
        if (rows.length > 0) await saveMatches(db, id, image, rows, foundAt)
      }
      return rows.length > 0 ? reviews.map(({ id }) => id) : []
    },

    async keep(reviewId, { uri, cid, outcome, proof, ...findings }, foundAt) {
      const seen = { outcome, looked_at: foundAt }
      await db
        .insertInto('review_images')
        .values({ review_id: reviewId, uri, record_cid: unknownVersion, blob_cid: cid, ...seen })
        .onConflict((conflict) =>
          conflict.columns(['review_id', 'uri', 'record_cid', 'blob_cid']).doUpdateSet(seen),
        )
        .execute()
      const image = { uri, recordCid: unknownVersion, cid }
      const rows = await rowsOfFindings(db, findings, proof)
      if (rows.length > 0) await saveMatches(db, reviewId, image, rows, foundAt)
    },

    async adopt(reviewId) {
      await sql`INSERT INTO review_matches (review_id, uri, record_cid, blob_cid, ${matchColumns}, found_at)
        SELECT reviews.id, uri, record_cid, blob_cid, ${matchColumns}, matches.created_at
        FROM reviews JOIN matches ON matches.did = reviews.did
        WHERE reviews.id = ${reviewId} AND reviews.subject IN (matches.uri, matches.did)
        GROUP BY uri, blob_cid, bank_id, content_id
        ORDER BY max(matches.id) DESC LIMIT ${maxEvidence}`.execute(db)
    },

    async carryOver(from, reviewId) {
      await sql`INSERT OR IGNORE INTO review_images (review_id, uri, record_cid, blob_cid, outcome, looked_at)
        SELECT ${reviewId}, uri, record_cid, blob_cid, outcome, looked_at FROM review_images
        WHERE review_id = ${from}`.execute(db)
      await sql`INSERT OR IGNORE INTO review_matches (review_id, uri, record_cid, blob_cid, ${matchColumns}, found_at)
        SELECT ${reviewId}, uri, record_cid, blob_cid, ${matchColumns}, found_at FROM review_matches
        WHERE review_id = ${from} ORDER BY distance, id
        LIMIT max(0, ${maxEvidence} - (SELECT count(*) FROM review_matches WHERE review_id = ${reviewId}))`.execute(
        db,
      )
    },

    async images(reviewId) {
      const rows = await db
        .selectFrom('review_images')
        .leftJoin('jobs', (join) =>
          join
            .onRef('jobs.uri', '=', 'review_images.uri')
            .onRef('jobs.record_cid', '=', 'review_images.record_cid')
            .onRef('jobs.blob_cid', '=', 'review_images.blob_cid')
            // A job that ran out of attempts, or was cancelled, ends without an outcome of its image.
            .on('jobs.state', 'in', ['dead', 'cancelled']),
        )
        .select(['review_images.uri', 'review_images.record_cid', 'review_images.blob_cid'])
        .select(sql<string | null>`coalesce(review_images.outcome, jobs.outcome)`.as('how'))
        .where('review_id', '=', reviewId)
        .orderBy('review_images.uri')
        .orderBy('review_images.blob_cid')
        .execute()
      return rows.map((row) => ({
        uri: row.uri as AtUri,
        recordCid: versionOf(row.record_cid),
        cid: row.blob_cid as Cid,
        outcome: row.how ?? undefined,
      }))
    },

    async list(reviewId) {
      const rows = await db
        .selectFrom('review_matches')
        .selectAll()
        .where('review_id', '=', reviewId)
        .orderBy(sql`suppressed_by IS NOT NULL`)
        .orderBy('distance')
        .orderBy('id')
        .execute()
      return rows.map((row) => {
        const suppressedBy = suppressorOfRow(row)
        return {
          uri: row.uri as AtUri,
          recordCid: versionOf(row.record_cid),
          cid: row.blob_cid as Cid,
          match: matchOfRow(row),
          ...(suppressedBy && { suppressedBy }),
          imageHash: row.image_hash?.toString('hex'),
          bankHash: row.bank_hash?.toString('hex'),
          policy: row.policy ?? undefined,
          banks: row.banks_version ?? undefined,
          foundAt: row.found_at,
        }
      })
    },
  }
}

async function saveOutcome(
  db: Kysely<Schema>,
  reviewId: number,
  { uri, recordCid, cid }: ImageRef,
  outcome: string,
  lookedAt: string,
): Promise<void> {
  await db
    .updateTable('review_images')
    .set({ outcome, looked_at: lookedAt })
    .where('review_id', '=', reviewId)
    .where('uri', '=', uri)
    .where('record_cid', '=', recordCid)
    .where('blob_cid', '=', cid)
    .execute()
}

/** Gives what was kept of an image without the version of its record that version. */
async function settleVersion(
  db: Kysely<Schema>,
  reviewId: number,
  uri: AtUri,
  recordCid: Cid,
  cid: Cid,
): Promise<void> {
  await db
    .deleteFrom('review_images')
    .where('review_id', '=', reviewId)
    .where('uri', '=', uri)
    .where('blob_cid', '=', cid)
    .where('record_cid', '=', unknownVersion)
    .execute()
  await db
    .updateTable('review_matches')
    .set({ record_cid: recordCid })
    .where('review_id', '=', reviewId)
    .where('uri', '=', uri)
    .where('blob_cid', '=', cid)
    .where('record_cid', '=', unknownVersion)
    .execute()
}

function versionOf(recordCid: string): Cid | undefined {
  return recordCid === unknownVersion ? undefined : (recordCid as Cid)
}

async function saveMatches(
  db: Kysely<Schema>,
  reviewId: number,
  { uri, recordCid, cid }: { readonly uri: AtUri; readonly recordCid: string; readonly cid: Cid },
  matches: readonly MatchColumns[],
  foundAt: string,
): Promise<void> {
  const { kept } = await db
    .selectFrom('review_matches')
    .select((select) => select.fn.countAll<number>().as('kept'))
    .where('review_id', '=', reviewId)
    .executeTakeFirstOrThrow()
  const place = { review_id: reviewId, uri, record_cid: recordCid, blob_cid: cid }
  const rows = matches
    .slice(0, Math.max(0, maxEvidence - kept))
    .map((match) => ({ ...place, ...match, found_at: foundAt }))
  for (const row of rows) {
    await db
      .insertInto('review_matches')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .columns(['review_id', 'uri', 'blob_cid', 'bank_id', 'content_id'])
          .doUpdateSet(row)
          .where((where) =>
            where.or([
              where('review_matches.distance', '>', row.distance),
              where('review_matches.suppressed_by', 'is distinct from', row.suppressed_by),
            ]),
          ),
      )
      .execute()
  }
  await db.updateTable('reviews').set({ updated_at: foundAt }).where('id', '=', reviewId).execute()
}
