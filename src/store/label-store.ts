import type { Kysely } from 'kysely'
import { AppError } from '../lib/errors.ts'
import type { AtUri, Cid, Did, SubjectUri } from '../model/ids.ts'
import type { LabelState, SequencedLabel, SignedLabel, StreamedLabel } from '../model/label.ts'
import { loadLastSeq } from './continue-sequence.ts'
import { type LabelQuery, queryLabelRows } from './query-labels.ts'
import type { Row, Schema } from './schema.ts'
import type { SeqMark } from './seq-mark.ts'

/** A label that is not newer than the one it would replace: somebody else wrote first, so the decision is stale. */
export class StaleLabelError extends AppError {
  override readonly name = 'StaleLabelError'
  constructor(val: string) {
    super(
      'conflict',
      `Expected a cts newer than the current one for label ${val} but received an older or equal one`,
    )
  }
  override shouldRetry(): boolean {
    return true
  }
}

/** Labels: the whole history in stream order, and the current value of each subject. */
export interface LabelStore {
  /**
   * Publishes labels, in order, and returns them with their seq. A label that already holds (same source, subject,
   * value, cid and negation) is left out: repeating a call publishes nothing twice.
   * @throws {StaleLabelError} when a label would not be newer than the current one; nothing is written then if the
   * caller's transaction is rolled back.
   */
  append(labels: readonly SignedLabel[]): Promise<SequencedLabel[]>
  /** Returns up to `limit` labels with a seq above `after`, in seq order, superseded ones included. */
  page(after: number, limit: number): Promise<SequencedLabel[]>
  /** Returns what `page` does, as far as the stream needs it: half the work for a backfill. */
  stream(after: number, limit: number): Promise<StreamedLabel[]>
  /** Returns the highest seq ever given, or 0; it survives the deletion of rows. */
  lastSeq(): Promise<number>
  /** Returns the seq up to which labels may be missing because a database was lost, or 0. */
  floor(): Promise<number>
  /** Returns the current labels that match, in seq order: superseded rows, negations and expired ones are left out. */
  query(query: LabelQuery, now: string): Promise<SequencedLabel[]>
  /** Returns the current state, negations included, of every value that the source gave a subject. */
  states(src: Did, uri: SubjectUri): Promise<LabelState[]>
}

/**
 * Returns the label table's functions over a connection or a transaction. `append` belongs in a transaction. `mark` is
 * told of a seq before a label with it is committed.
 */
export function createLabelStore(db: Kysely<Schema>, mark: Pick<SeqMark, 'reserve'>): LabelStore {
  return {
    async append(labels) {
      if (labels.length === 0) return []
      mark.reserve((await loadLastSeq(db)) + labels.length)
      const written: SequencedLabel[] = []
      for (const label of labels) {
        const seq = await appendOne(db, label)
        if (seq !== undefined) written.push({ ...label, seq })
      }
      return written
    },

    async page(after, limit) {
      const rows = await db
        .selectFrom('labels')
        .selectAll()
        .where('seq', '>', after)
        .orderBy('seq')
        .limit(limit)
        .execute()
      return rows.map(labelOfRow)
    },

    stream: (after, limit) =>
      db
        .selectFrom('labels')
        .select(['seq', 'bytes'])
        .where('seq', '>', after)
        .orderBy('seq')
        .limit(limit)
        .execute(),

    lastSeq: () => loadLastSeq(db),

    async floor() {
      const row = await db.selectFrom('label_stream').select('floor').executeTakeFirstOrThrow()
      return row.floor
    },

    async query(wanted, now) {
      return (await queryLabelRows(db, wanted, now)).map(labelOfRow)
    },

    async states(src, uri) {
      const rows = await db
        .selectFrom('labels')
        .select(['uri', 'cid', 'val', 'neg', 'cts', 'exp'])
        .where('src', '=', src)
        .where('uri', '=', uri)
        .where('is_current', '=', 1)
        .execute()
      return rows.map(({ uri, cid, val, neg, cts, exp }) => ({
        uri: uri as SubjectUri,
        cid: (cid ?? undefined) as Cid | undefined,
        val,
        isNegated: neg === 1,
        cts,
        ...(exp === null ? {} : { exp }),
      }))
    },
  }
}

async function appendOne(db: Kysely<Schema>, label: SignedLabel): Promise<number | undefined> {
  const current = await db
    .selectFrom('labels')
    .select(['seq', 'cts', 'cid', 'neg', 'exp'])
    .where('src', '=', label.src)
    .where('uri', '=', label.uri)
    .where('val', '=', label.val)
    .where('is_current', '=', 1)
    .executeTakeFirst()
  const neg = label.neg ? 1 : 0
  if (current) {
    const isSame =
      current.neg === neg &&
      (current.cid ?? undefined) === label.cid &&
      (current.exp ?? undefined) === label.exp
    if (isSame) return undefined
    if (label.cts <= current.cts) throw new StaleLabelError(label.val)
    await db.updateTable('labels').set({ is_current: 0 }).where('seq', '=', current.seq).execute()
  }
  const row = await db
    .insertInto('labels')
    .values({
      src: label.src,
      uri: label.uri,
      cid: label.cid ?? null,
      val: label.val,
      neg,
      cts: label.cts,
      exp: label.exp ?? null,
      sig: Buffer.from(label.sig),
      bytes: Buffer.from(label.bytes),
      is_current: 1,
    })
    .returning('seq')
    .executeTakeFirstOrThrow()
  return row.seq
}

function labelOfRow(row: Row<'labels'>): SequencedLabel {
  return {
    seq: row.seq,
    ver: 1,
    src: row.src as Did,
    uri: row.uri as Did | AtUri,
    ...(row.cid === null ? {} : { cid: row.cid as Cid }),
    val: row.val,
    ...(row.neg === 1 ? { neg: true as const } : {}),
    cts: row.cts,
    ...(row.exp === null ? {} : { exp: row.exp }),
    sig: row.sig,
    bytes: row.bytes,
  }
}
