import type { Generated } from 'kysely'

/** `exchanges`: what a bank is filled from. Times are epoch milliseconds. */
type ExchangeTable = {
  bank_id: number
  api: string
  /** JSON: `ExchangeValues`. */
  config: string
  is_enabled: Generated<number>
  /** JSON: the `state` of an `ExchangeCheckpoint`. */
  checkpoint: string | null
  checkpoint_at: number | null
  /** Rises when everything is fetched anew; records of an older one are gone from the exchange. */
  generation: Generated<number>
  /** How many rows of `exchange_records` there are. */
  records: Generated<number>
  fetch_started_at: number | null
  fetch_ended_at: number | null
  has_succeeded: number | null
  is_up_to_date: Generated<number>
}

/** `exchange_records`: what an exchange sent, by its own key. */
type ExchangeRecordTable = {
  bank_id: number
  key: string
  /** JSON. */
  record: string
  generation: number
}

/** `exchange_links`: which contents a record stands behind; one of several records may go. */
type ExchangeLinkTable = { bank_id: number; key: string; content_id: number }

/** `exchange_contents`: contents that exist because of an exchange. */
type ExchangeContentTable = { content_id: number }

/** The tables of exchanges. */
export type ExchangeTables = {
  exchanges: ExchangeTable
  exchange_records: ExchangeRecordTable
  exchange_links: ExchangeLinkTable
  exchange_contents: ExchangeContentTable
}
