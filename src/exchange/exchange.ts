/**
 * The front door of exchanges: programmes that share hashes, each of which fills a bank of its own name.
 *
 * Owns: which kinds there are and what each is set up with (`apis.ts`), setting them up and their credentials (`exchanges.ts`,
 * `credentials.ts`), fetching them in turn (`sync.ts`, `fetch-exchange.ts`) and bringing what was fetched into the bank
 * (`commit-updates.ts`). Leaves to others: what a match in the bank calls for, and that matching follows the bank.
 * Invariants: a checkpoint is saved in the transaction that has what it stands for; a content stays as long as one record is
 * behind it, and one that was there before the exchange stays for ever; no credential and no hash is logged or in an audit row.
 *
 * This file is the port: one implementation for each kind that is fetched, listed in `implementations.ts`.
 */
import type { ContentHash } from '../model/bank.ts'
import type { ExchangeCheckpoint, ExchangeValues } from '../model/exchange.ts'
import type { ExchangeOpinion } from '../model/opinion.ts'

/** One change of an exchange: a record under its key, in place of what was there; or, without one, that it is gone. */
export type ExchangeUpdate = { readonly key: string; readonly record?: ExchangeValues }

/** What was fetched in one piece. */
export type ExchangePage = {
  readonly updates: readonly ExchangeUpdate[]
  /** Where to go on once these are in. */
  readonly checkpoint: ExchangeCheckpoint
}

/** What a fetch goes by. */
export type FetchRequest = {
  readonly config: ExchangeValues
  /** Undefined where none are set. */
  readonly credentials: ExchangeValues | undefined
  /** Undefined asks for everything from the beginning. */
  readonly checkpoint: ExchangeCheckpoint | undefined
}

/** How one kind of exchange is fetched. */
export interface HashExchange {
  /**
   * Yields what has changed since the checkpoint, oldest first, and ends when that was all; nothing is an empty fetch. Whoever
   * takes a page has saved it, with its checkpoint, before it asks for the next. @throws what ends this fetch, and no other.
   */
  pages(request: FetchRequest, signal: AbortSignal): AsyncIterable<ExchangePage>
  /** True when what is gone since the checkpoint can no longer be told, so that everything is to be fetched anew. */
  isStale(checkpoint: ExchangeCheckpoint, nowMs: number): boolean
  /** Returns the hashes of a record that Harrier can match; none is an answer too, and such a record is not kept. */
  hashesOf(record: ExchangeValues): readonly ContentHash[]
  /** Returns what the members think of a record, all of their opinions in one; left out where the exchange has none. */
  opinionOf?(record: ExchangeValues): ExchangeOpinion | undefined
}
