import { type Kysely, sql } from 'kysely'
import type { Cid, Did, SubjectUri } from '../model/ids.ts'
import type { LabelState, SequencedLabel, SignedLabel, StreamedLabel } from '../model/label.ts'
import { appendLabel } from './append-label.ts'
import { loadLastSeq } from './continue-sequence.ts'
import { labelOfRow } from './label-row.ts'
import { type LabelQuery, queryLabelRows } from './query-labels.ts'
import type { Row, Schema } from './schema.ts'
import type { SeqMark } from './seq-mark.ts'

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
  /** Returns the seq and the `cts` (epoch milliseconds) of the newest `limit` labels above a seq, in seq order. */
  times(after: number, limit: number): Promise<{ readonly seq: number; readonly atMs: number }[]>
  /**
   * Returns the current state, negations included, of every value that the source gave the subjects: the one that waits
   * to be published where there is one, else the published one.
   */
  states(src: Did, uris: readonly SubjectUri[]): Promise<LabelState[]>
  /**
   * Returns the versions of a subject under which a value was published and not withdrawn, oldest first; undefined
   * stands for a label about every version. Subscribers who keep labels by version have each of them, though only the
   * newest holds.
   */
  standingVersions(src: Did, uri: SubjectUri, val: string): Promise<(Cid | undefined)[]>
}

/**
 * Returns the label table's functions over a connection or a transaction. `append` belongs in a transaction. `mark` is
 * told of a seq before a label with it is committed.
 */
export function createLabelStore(db: Kysely<Schema>, mark: Pick<SeqMark, 'reserve'>): LabelStore {
  return {
    async append(labels) {
      const written: SequencedLabel[] = []
      for (const label of labels) {
        const { signedBy, ...published } = label
        const seq = await appendLabel(db, published, signedBy)
        if (seq !== undefined) written.push({ ...published, seq })
      }
      const newest = written.at(-1)
      if (newest) mark.reserve(newest.seq)
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

    async times(after, limit) {
      const newest = db.selectFrom('labels').select(['seq', 'cts']).where('seq', '>', after)
      const rows = await newest.orderBy('seq', 'desc').limit(limit).execute()
      return rows.toReversed().map(({ seq, cts }) => ({ seq, atMs: Date.parse(cts) }))
    },

    async states(src, uris) {
      const published = await db
        .selectFrom('labels')
        .select(['uri', 'cid', 'val', 'neg', 'cts', 'exp'])
        .where('src', '=', src)
        .where('uri', 'in', uris)
        .where('is_current', '=', 1)
        .execute()
      const wanted = await db
        .selectFrom('emissions')
        .select(['uri', 'cid', 'val', 'neg', 'exp'])
        .where('src', '=', src)
        .where('uri', 'in', uris)
        .execute()
      const states = new Map(published.map((row) => [`${row.uri} ${row.val}`, row as StateRow]))
      for (const row of wanted) {
        const key = `${row.uri} ${row.val}`
        states.set(key, { ...row, cts: states.get(key)?.cts })
      }
      return [...states.values()].map(stateOfRow)
    },

    async standingVersions(src, uri, val) {
      const rows = await db
        .selectFrom('labels')
        .select('cid')
        .where('src', '=', src)
        .where('uri', '=', uri)
        .where('val', '=', val)
        .where('neg', '=', 0)
        .where((where) =>
          where.or([where('is_standing', '=', sql.lit(1)), where('is_current', '=', sql.lit(1))]),
        )
        .orderBy('seq')
        .execute()
      return rows.map(({ cid }) => (cid ?? undefined) as Cid | undefined)
    },
  }
}

type StateRow = Pick<Row<'labels'>, 'uri' | 'cid' | 'val' | 'neg' | 'exp'> & {
  readonly cts: string | undefined
}

function stateOfRow({ uri, cid, val, neg, cts, exp }: StateRow): LabelState {
  return {
    uri: uri as SubjectUri,
    cid: (cid ?? undefined) as Cid | undefined,
    val,
    isNegated: neg === 1,
    cts,
    ...(exp === null ? {} : { exp }),
  }
}
