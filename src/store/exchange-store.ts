import type { Kysely } from 'kysely'
import type { Exchange, ExchangeCheckpoint, ExchangeStatus, ExchangeValues } from '../model/exchange.ts'
import type { Row, Schema } from './schema.ts'

/** Where the fetching of an exchange stands. */
export type ExchangePlace = {
  /** Undefined before the first page. */
  readonly checkpoint: ExchangeCheckpoint | undefined
  /** Counts how often everything was fetched from the beginning. */
  readonly generation: number
}

/** Exchanges, by the bank that each fills. Writes belong in a transaction. */
export interface ExchangeStore {
  /** Makes the exchange of a bank that has none. */
  create(bankId: number, api: string, config: ExchangeValues): Promise<void>
  /** Returns every exchange, by name. */
  list(): Promise<Exchange[]>
  /** Returns the exchange of that name, or undefined. */
  find(name: string): Promise<Exchange | undefined>
  /** Returns how far it is, or undefined when it is gone. */
  status(bankId: number): Promise<ExchangeStatus | undefined>
  /** Switches fetching on or off. False when it is gone. */
  setEnabled(bankId: number, isEnabled: boolean): Promise<boolean>
  /** Returns where its fetching stands, or undefined when it is gone or switched off. */
  place(bankId: number): Promise<ExchangePlace | undefined>
  /** Moves the place on. */
  savePlace(bankId: number, place: ExchangePlace): Promise<void>
  /** Adds to the number of records. */
  countRecords(bankId: number, change: number): Promise<void>
  /** Notes that a fetch has begun. */
  beginFetch(bankId: number, at: number): Promise<void>
  /** Notes how the fetch that had begun has ended. */
  endFetch(
    bankId: number,
    end: { readonly at: number; readonly hasSucceeded: boolean; readonly isUpToDate: boolean },
  ): Promise<void>
  /** Forgets fetches that had begun and were cut off with their process. */
  forgetFetches(): Promise<void>
}

/** Returns the functions of the table of exchanges over a connection or a transaction. */
export function createExchangeStore(db: Kysely<Schema>): ExchangeStore {
  const named = () =>
    db
      .selectFrom('exchanges')
      .innerJoin('banks', 'banks.id', 'bank_id')
      .where('removed_at', 'is', null)
      .selectAll('exchanges')
      .select('name')
  const update = (bankId: number) => db.updateTable('exchanges').where('bank_id', '=', bankId)
  const row = (bankId: number): Promise<Row<'exchanges'> | undefined> =>
    db.selectFrom('exchanges').selectAll().where('bank_id', '=', bankId).executeTakeFirst()
  return {
    async create(bankId, api, config) {
      const values = { bank_id: bankId, api, config: JSON.stringify(config) }
      await db.insertInto('exchanges').values(values).execute()
    },

    async list() {
      return (await named().orderBy('name').execute()).map(exchangeOfRow)
    },

    async find(name) {
      const found = await named().where('name', '=', name).executeTakeFirst()
      return found && exchangeOfRow(found)
    },

    async status(bankId) {
      const found = await row(bankId)
      return found && statusOfRow(found)
    },

    async setEnabled(bankId, isEnabled) {
      const result = await update(bankId)
        .set({ is_enabled: Number(isEnabled) })
        .executeTakeFirst()
      return result.numUpdatedRows > 0n
    },

    async place(bankId) {
      const found = await row(bankId)
      if (found?.is_enabled !== 1) return undefined
      const { checkpoint, checkpoint_at: at, generation } = found
      if (checkpoint === null) return { checkpoint: undefined, generation }
      const state = JSON.parse(checkpoint) as ExchangeValues
      return { checkpoint: { state, progressAt: at ?? undefined }, generation }
    },

    async savePlace(bankId, { checkpoint, generation }) {
      await update(bankId)
        .set({
          checkpoint: checkpoint ? JSON.stringify(checkpoint.state) : null,
          checkpoint_at: checkpoint?.progressAt ?? null,
          generation,
        })
        .execute()
    },

    async countRecords(bankId, change) {
      await update(bankId)
        .set((set) => ({ records: set('records', '+', change) }))
        .execute()
    },

    async beginFetch(bankId, at) {
      await update(bankId).set({ fetch_started_at: at }).execute()
    },

    async endFetch(bankId, { at, hasSucceeded, isUpToDate }) {
      await update(bankId)
        .set({
          fetch_started_at: null,
          fetch_ended_at: at,
          has_succeeded: Number(hasSucceeded),
          is_up_to_date: Number(isUpToDate),
        })
        .execute()
    },

    async forgetFetches() {
      await db.updateTable('exchanges').set({ fetch_started_at: null }).execute()
    },
  }
}

function exchangeOfRow({
  bank_id: bankId,
  name,
  api,
  config,
  is_enabled: isEnabled,
}: Row<'exchanges'> & { readonly name: string }): Exchange {
  return { bankId, name, api, config: JSON.parse(config) as ExchangeValues, isEnabled: isEnabled === 1 }
}

function statusOfRow(row: Row<'exchanges'>): ExchangeStatus {
  return {
    checkpointAt: row.checkpoint_at ?? undefined,
    records: row.records,
    fetchStartedAt: row.fetch_started_at ?? undefined,
    fetchEndedAt: row.fetch_ended_at ?? undefined,
    hasSucceeded: row.has_succeeded === null ? undefined : row.has_succeeded === 1,
    isUpToDate: row.is_up_to_date === 1,
  }
}
