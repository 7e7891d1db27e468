import { CompiledQuery, type Kysely, sql } from 'kysely'
import type { SequencedLabel, SignedLabel } from '../model/label.ts'
import { labelOfRow } from './label-row.ts'
import type { keyStates, Schema } from './schema.ts'

/** Which keys there are, by their public half (`did:key:…`). */
export type KeyStates = {
  /** The key that everything published is signed with. */
  readonly live: string | undefined
  /** The key that is to follow it; its private half is on the disk already. */
  readonly next: string | undefined
  /** Since when (ISO 8601) nothing is served, because the DID document is being changed from one to the other. */
  readonly heldSince: string | undefined
}

/** A key, what it is, and since when (ISO 8601). */
export type KnownKey = {
  readonly didKey: string
  readonly state: (typeof keyStates)[number]
  readonly since: string
}

/** What a reader of labels has to know first. */
export type ServingState = {
  readonly live: string | undefined
  readonly isHeld: boolean
  /** There are labels that the live key has not signed. */
  readonly hasStale: boolean
}

/** The label keys, and which of them has signed which label. Private halves are never here. */
export interface KeyStore {
  load(): Promise<KeyStates>
  /** Returns every key that is or was live, or is next, oldest first. */
  list(): Promise<KnownKey[]>
  /** As `load`, in what it costs one lookup: for every read of labels. */
  serving(): Promise<ServingState>
  /** Tells whether the key was live once and is no more. */
  isRetired(didKey: string): Promise<boolean>
  /** Makes a key the next one; another next key, which nobody has seen, is forgotten. Safe to repeat. */
  propose(didKey: string, at: string): Promise<void>
  /** Holds labels back from now on. False when there is no next key. */
  hold(at: string): Promise<boolean>
  /** Serves labels again, with the live key; the next one stays the next one. */
  release(): Promise<void>
  /** Makes a key the live one, and retires the one before it. Every label is stale from then on. Safe to repeat. */
  makeLive(didKey: string, at: string): Promise<void>
  /** Returns the stale ones among the `limit` labels after a seq, in seq order. */
  stalePage(after: number, limit: number): Promise<SequencedLabel[]>
  /** Returns the stale ones among these seqs. */
  staleAmong(seqs: readonly number[]): Promise<SequencedLabel[]>
  /** Returns up to `limit` stale labels, whatever their seq. */
  stale(limit: number): Promise<SequencedLabel[]>
  /** Returns how many labels are stale; looks at each of them. */
  countStale(): Promise<number>
  /** Replaces the signatures, and the bytes that have them, of published labels. */
  resign(
    labels: readonly (Pick<SignedLabel, 'sig' | 'bytes' | 'signedBy'> & { readonly seq: number })[],
  ): Promise<void>
}

const liveId = sql<number>`(SELECT id FROM signing_keys WHERE state = 'live')`
type Serving = { readonly live: string | null; readonly held: number; readonly stale: number }
/** Every read of labels asks this first. */
const servingState = CompiledQuery.raw(`SELECT
  (SELECT did_key FROM signing_keys WHERE state = 'live') AS live,
  EXISTS (SELECT 1 FROM signing_keys WHERE state = 'switching') AS held,
  EXISTS (SELECT 1 FROM labels WHERE key_id < (SELECT id FROM signing_keys WHERE state = 'live')) OR
  EXISTS (SELECT 1 FROM labels WHERE key_id > (SELECT id FROM signing_keys WHERE state = 'live')) AS stale`)
/** Written out, since building a statement anew takes longer than running it, and a change of keys updates every label. */
const resignLabel = `UPDATE labels SET sig = ?, bytes = ?,
  key_id = coalesce((SELECT id FROM signing_keys WHERE did_key = ?), 0) WHERE seq = ?`
/** Two ranges of the index on `key_id`; written as one inequality, SQLite would look at every label. */
const isStale = sql<boolean>`(key_id < ${liveId} OR key_id > ${liveId})`

/** Returns the key table's functions over a connection or a transaction. */
export function createKeyStore(db: Kysely<Schema>): KeyStore {
  const labels = () => db.selectFrom('labels').selectAll().orderBy('seq')
  return {
    async load() {
      const rows = await db.selectFrom('signing_keys').selectAll().where('state', '!=', 'retired').execute()
      const next = rows.find(({ state }) => state === 'next' || state === 'switching')
      return {
        live: rows.find(({ state }) => state === 'live')?.did_key,
        next: next?.did_key,
        heldSince: next?.state === 'switching' ? next.changed_at : undefined,
      }
    },

    async list() {
      const rows = await db.selectFrom('signing_keys').selectAll().orderBy('id').execute()
      return rows.map(({ did_key, state, changed_at }) => ({ didKey: did_key, state, since: changed_at }))
    },

    async serving() {
      const { rows } = await db.executeQuery<Serving>(servingState)
      const [row] = rows
      return { live: row?.live ?? undefined, isHeld: row?.held === 1, hasStale: row?.stale === 1 }
    },

    async isRetired(didKey) {
      const row = await db
        .selectFrom('signing_keys')
        .select('state')
        .where('did_key', '=', didKey)
        .executeTakeFirst()
      return row?.state === 'retired'
    },

    async propose(didKey, at) {
      await db
        .deleteFrom('signing_keys')
        .where('state', 'in', ['next', 'switching'])
        .where('did_key', '!=', didKey)
        .execute()
      await db
        .insertInto('signing_keys')
        .values({ did_key: didKey, state: 'next', changed_at: at })
        .onConflict((conflict) => conflict.column('did_key').doNothing())
        .execute()
    },

    async hold(at) {
      const result = await db
        .updateTable('signing_keys')
        .set({ state: 'switching', changed_at: at })
        .where('state', 'in', ['next', 'switching'])
        .executeTakeFirst()
      return result.numUpdatedRows > 0n
    },

    async release() {
      await db.updateTable('signing_keys').set({ state: 'next' }).where('state', '=', 'switching').execute()
    },

    async makeLive(didKey, at) {
      await db
        .updateTable('signing_keys')
        .set({ state: 'retired', changed_at: at })
        .where('state', '=', 'live')
        .where('did_key', '!=', didKey)
        .execute()
      await db
        .insertInto('signing_keys')
        .values({ did_key: didKey, state: 'live', changed_at: at })
        .onConflict((conflict) => conflict.column('did_key').doUpdateSet({ state: 'live', changed_at: at }))
        .execute()
    },

    async stalePage(after, limit) {
      const last = sql<number>`(SELECT max(seq) FROM (SELECT seq FROM labels WHERE seq > ${after} ORDER BY seq LIMIT ${limit}))`
      const rows = await labels()
        .where('seq', '>', after)
        .where('seq', '<=', last)
        .where(sql<boolean>`key_id <> ${liveId}`)
        .execute()
      return rows.map(labelOfRow)
    },

    async staleAmong(seqs) {
      const rows = await labels().where('seq', 'in', seqs).where(sql<boolean>`key_id <> ${liveId}`).execute()
      return rows.map(labelOfRow)
    },

    async stale(limit) {
      const seqs = db.selectFrom('labels').select('seq').where(isStale).limit(limit)
      return (await labels().where('seq', 'in', seqs).execute()).map(labelOfRow)
    },

    async countStale() {
      const count = db.selectFrom('labels').select((select) => select.fn.countAll<number>().as('n'))
      return (await count.where(isStale).executeTakeFirstOrThrow()).n
    },

    async resign(signed) {
      for (const { seq, sig, bytes, signedBy } of signed) {
        const values = [Buffer.from(sig), Buffer.from(bytes), signedBy, seq]
        await db.executeQuery(CompiledQuery.raw(resignLabel, values))
      }
    },
  }
}
