import { type ExpressionBuilder, type Kysely, type SqlBool, sql } from 'kysely'
import {
  type EffectCause,
  type EffectState,
  type HoldReason,
  type NewEffect,
  type StoredEffect,
  standingStates,
  type UndoReason,
} from '../model/effect.ts'
import type { Cid, Did, SubjectUri } from '../model/ids.ts'
import type { ImageRef } from '../model/image.ts'
import { contentOfSubject, type Review } from '../model/review.ts'
import { effectOfRow, rowOfEffect } from './effect-row.ts'
import type { Schema } from './schema.ts'

/** Which effects a list shows, the newest first. */
export type EffectsWanted = {
  readonly states: readonly EffectState[]
  readonly because?: HoldReason | undefined
  readonly contentId?: number | undefined
  readonly bankId?: number | undefined
  /** A record, with what was done because of it; or an account, with all of its records. */
  readonly subject?: SubjectUri | undefined
  readonly limit: number
  /** Only effects with a smaller number. */
  readonly before?: number | undefined
}

/** A change of where effects stand. `at` is ISO 8601. */
export type EffectChange = {
  readonly state: EffectState
  readonly because?: HoldReason | UndoReason | undefined
  readonly outcome?: string | undefined
  readonly at: string
  /** Who undid it. */
  readonly by?: string
}

/**
 * What was done, or is held back, because of a match or a person: one row an effect, from its decision to its undoing. Writes
 * belong in a transaction.
 */
export interface EffectStore {
  add(effect: NewEffect): Promise<StoredEffect>
  find(id: number): Promise<StoredEffect | undefined>
  list(wanted: EffectsWanted): Promise<StoredEffect[]>
  /** Returns what was done about the record of an image, its account and its blob there, oldest first; the newest 1,000. */
  ofImage(image: Pick<ImageRef, 'did' | 'uri' | 'cid'>): Promise<StoredEffect[]>
  /**
   * Returns what stands about a record, and because of it; about an account alone; or about a blob of an account and because of
   * it, of one record where that is the subject. Oldest first.
   */
  standingOn(subject: SubjectUri, blob?: Cid): Promise<StoredEffect[]>
  /** Returns the takedowns of a blob from every account that a person asked for, in accounts but this one, and that stand; one of each target. */
  takenDownElsewhere(cid: Cid, did: Did): Promise<StoredEffect[]>
  /** Returns the standing takedowns of a blob by itself, in every account. */
  takedownsOfBlob(cid: Cid): Promise<StoredEffect[]>
  /** Returns the standing takedowns of a target in an account. */
  takedownsOf(did: Did, target: string): Promise<StoredEffect[]>
  /**
   * Returns up to `limit` effects that a review is about, oldest first: all of an account, those of a record with what was done
   * because of it, or what the quarantine of a content holds.
   */
  ofReview(
    review: Pick<Review, 'subject' | 'did'>,
    states: readonly EffectState[],
    limit: number,
  ): Promise<StoredEffect[]>
  /** Returns up to `limit` standing effects that go back to a content, after an id, by id. */
  ofContent(contentId: number, afterId: number, limit: number): Promise<StoredEffect[]>
  /** The same of all that goes back to a bank. */
  ofBank(bankId: number, afterId: number, limit: number): Promise<StoredEffect[]>
  /** Returns how many effects that stand go back to a bank. */
  countOfBank(bankId: number): Promise<number>
  /** Changes where an effect stands, if it is in one of these states; false when it is not. */
  change(id: number, from: readonly EffectState[], to: EffectChange): Promise<boolean>
  /** Gives an effect another cause: what else calls for it, and the image that it is of. */
  reattribute(id: number, cause: EffectCause, image: Pick<ImageRef, 'uri' | 'cid'>): Promise<void>
  /**
   * Returns the oldest effects that are held for a pause or a quarantine that has ended; none while a pause is on, and none that
   * is about to be dropped with its cause.
   */
  releasable(limit: number): Promise<StoredEffect[]>
  /** Returns how many effects are held for a reason; of one content where that is named. */
  countHeld(because: HoldReason, contentId?: number): Promise<number>
  /** Returns how many effects are in each state. */
  counts(): Promise<Readonly<Record<EffectState, number>>>
}

/** The most effects of one record, account or blob that a decision looks at. */
const maxOfImage = 1_000

/** Written out: an index of some rows serves a bound value only by being planned anew each time. */
const takedown = sql.lit('takedown' as const)

/** Returns the effects' functions over a connection or a transaction. */
export function createEffectStore(db: Kysely<Schema>): EffectStore {
  const rows = () => db.selectFrom('effects').selectAll()
  const standingPiece = async (
    column: 'content_id' | 'bank_id',
    id: number,
    afterId: number,
    limit: number,
  ): Promise<StoredEffect[]> => {
    const found = await rows()
      .where(column, '=', id)
      .where('id', '>', afterId)
      .where('state', 'in', standingStates)
      .orderBy('id')
      .limit(limit)
      .execute()
    return found.map(effectOfRow)
  }
  return {
    async add(effect) {
      const inserted = db.insertInto('effects').values(rowOfEffect(effect)).returningAll()
      return effectOfRow(await inserted.executeTakeFirstOrThrow())
    },

    async find(id) {
      const row = await rows().where('id', '=', id).executeTakeFirst()
      return row && effectOfRow(row)
    },

    async list({ states, because, contentId, bankId, subject, limit, before = Number.MAX_SAFE_INTEGER }) {
      let wanted = rows().where('state', 'in', states).where('id', '<', before)
      if (because !== undefined) wanted = wanted.where('because', '=', because)
      if (contentId !== undefined) wanted = wanted.where('content_id', '=', contentId)
      if (bankId !== undefined) wanted = wanted.where('bank_id', '=', bankId)
      if (subject !== undefined) wanted = wanted.where('did', '=', didOf(subject))
      if (subject?.startsWith('at://'))
        wanted = wanted.where((where) =>
          where.or([where('subject', '=', subject), where('uri', '=', subject)]),
        )
      return (await wanted.orderBy('id', 'desc').limit(limit).execute()).map(effectOfRow)
    },

    async ofImage({ did, uri, cid }) {
      // Of these subjects alone: an account may have any number of others.
      const found = await rows()
        .where('subject', 'in', [uri, did, `${did}/${cid}`])
        .orderBy('id', 'desc')
        .limit(maxOfImage)
        .execute()
      return found.map(effectOfRow).reverse()
    },

    async standingOn(subject, blob) {
      const did = didOf(subject)
      const ofRecord = (where: ExpressionBuilder<Schema, 'effects'>) =>
        where.or([where('subject', '=', subject), where('uri', '=', subject)])
      const ofBlob = (where: ExpressionBuilder<Schema, 'effects'>) => {
        const caused = where('blob_cid', '=', blob as Cid)
        return where.or([
          where('subject', '=', `${did}/${blob}`),
          subject === did ? caused : where.and([caused, where('uri', '=', subject)]),
        ])
      }
      const found = await rows()
        .where('did', '=', did)
        .where('state', 'in', standingStates)
        .where(blob === undefined ? ofRecord : ofBlob)
        .orderBy('id')
        .execute()
      return found.map(effectOfRow)
    },

    async takenDownElsewhere(cid, did) {
      const found = await rows()
        .where('kind', '=', takedown)
        .where('blob_cid', '=', cid)
        .where('did', '!=', did)
        .where('content_id', 'is', null)
        .where('state', 'in', standingStates)
        .where(sql<SqlBool>`action ->> 'isEverywhere'`)
        .groupBy('target')
        .execute()
      return found.map(effectOfRow)
    },

    async takedownsOfBlob(cid) {
      const found = await rows()
        .where('kind', '=', takedown)
        .where('blob_cid', '=', cid)
        .where(sql<SqlBool>`subject = did || '/' || blob_cid`)
        .where('state', 'in', standingStates)
        .orderBy('id')
        .execute()
      return found.map(effectOfRow)
    },

    async takedownsOf(did, target) {
      const found = await rows()
        .where('did', '=', did)
        .where('target', '=', target)
        .where('kind', '=', takedown)
        .where('state', 'in', standingStates)
        .orderBy('id')
        .execute()
      return found.map(effectOfRow)
    },

    async ofReview({ subject, did }, states, limit) {
      const content = contentOfSubject(subject)
      const wanted = rows().where('state', 'in', states)
      const about =
        content === undefined
          ? wanted
              .where('did', '=', did)
              .where((where) =>
                where.or((['did', 'uri', 'subject'] as const).map((column) => where(column, '=', subject))),
              )
          : wanted.where('content_id', '=', content).where('because', '=', 'flood')
      return (await about.orderBy('id').limit(limit).execute()).map(effectOfRow)
    },

    ofContent: (contentId, afterId, limit) => standingPiece('content_id', contentId, afterId, limit),
    ofBank: (bankId, afterId, limit) => standingPiece('bank_id', bankId, afterId, limit),

    async countOfBank(bankId) {
      const { n } = await db
        .selectFrom('effects')
        .select((select) => select.fn.countAll<number>().as('n'))
        .where('bank_id', '=', bankId)
        .where('state', 'in', standingStates)
        .executeTakeFirstOrThrow()
      return n
    },

    async change(id, from, { state, because, outcome, at, by }) {
      const isUndoing = state === 'undoing' || state === 'undone' || state === 'dropped'
      const result = await db
        .updateTable('effects')
        .set((set) => ({
          state,
          because: because ?? (isUndoing ? set.ref('because') : null),
          outcome: outcome ?? set.ref('outcome'),
          ...(isUndoing
            ? { undone_at: at, undone_by: by ?? set.ref('undone_by') }
            : { settled_at: state === 'pending' ? null : at }),
        }))
        .where('id', '=', id)
        .where('state', 'in', from)
        .executeTakeFirst()
      return result.numUpdatedRows > 0n
    },

    async reattribute(id, { bankId, bank, contentId, distance }, { uri, cid }) {
      await db
        .updateTable('effects')
        .set({ bank_id: bankId, bank, content_id: contentId, distance, uri, blob_cid: cid })
        .where('id', '=', id)
        .execute()
    },

    async releasable(limit) {
      const found = await rows()
        .where('state', '=', 'held')
        .where('because', 'in', ['paused', 'flood'])
        .where(sql<SqlBool>`NOT EXISTS (SELECT 1 FROM pauses WHERE ended_at IS NULL)`)
        .where(
          sql<SqlBool>`NOT EXISTS (SELECT 1 FROM quarantines
            WHERE quarantines.content_id = effects.content_id AND ended_at IS NULL AND because = 'flood')`,
        )
        .where(
          sql<SqlBool>`NOT EXISTS (SELECT 1 FROM reversals WHERE reversals.content_id = effects.content_id)`,
        )
        .orderBy('id')
        .limit(limit)
        .execute()
      return found.map(effectOfRow)
    },

    async countHeld(because, contentId) {
      const { n } = await db
        .selectFrom('effects')
        .select((select) => select.fn.countAll<number>().as('n'))
        .where('state', '=', 'held')
        .where('because', '=', because)
        .$if(contentId !== undefined, (query) => query.where('content_id', '=', contentId as number))
        .executeTakeFirstOrThrow()
      return n
    },

    async counts() {
      const found = await db
        .selectFrom('effects')
        .select(['state', (select) => select.fn.countAll<number>().as('n')])
        .groupBy('state')
        .execute()
      const none = { held: 0, pending: 0, done: 0, failed: 0, undoing: 0, undone: 0, dropped: 0 }
      return { ...none, ...Object.fromEntries(found.map(({ state, n }) => [state, n])) }
    },
  }
}

function didOf(subject: SubjectUri): string {
  return subject.startsWith('did:') ? subject : (subject.split('/')[2] ?? '')
}
