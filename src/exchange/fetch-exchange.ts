import { AppError } from '../lib/errors.ts'
import type { Exchange, ExchangeCheckpoint } from '../model/exchange.ts'
import type { Database, Stores } from '../store/database.ts'
import type { ExchangePlace } from '../store/exchange-store.ts'
import { type BankChange, commitUpdates } from './commit-updates.ts'
import type { ExchangePage, ExchangeUpdate, HashExchange } from './exchange.ts'

/** Somebody else has moved the exchange on, or it is gone or switched off: what was fetched belongs to a place where it no longer is. */
class ExchangeMovedError extends AppError {
  override readonly name = 'ExchangeMovedError'
  constructor() {
    super(
      'conflict',
      'Expected the exchange to be where the fetch began but it was moved on, switched off or removed',
    )
  }
}

/** What a fetch needs. */
export type FetchDeps = {
  readonly database: Pick<Database, 'transaction' | 'exchanges'>
  readonly now: () => Date
  /** Called after every commit; resolves when matching has taken it in. */
  readonly onChange: () => Promise<void>
}

/** Updates that are committed at once: some 100 ms. */
const pieceUpdates = 1_000
/** Milliseconds after which a fetch pauses behind a page, so that others have their turn. */
const maxRunMs = 240_000
/** Characters of a key. */
const maxKey = 500

/**
 * Fetches an exchange from where it stands, committing page by page, and returns true when that was all. From the beginning, where it
 * has no checkpoint or a stale one: what is there stays until the end has come, and only then goes what did not come again.
 * @throws whatever the exchange throws; what was committed stays.
 */
export async function fetchExchange(
  deps: FetchDeps,
  exchange: Pick<Exchange, 'bankId' | 'name' | 'config'>,
  { api, credentials }: { readonly api: HashExchange; readonly credentials: Exchange['config'] | undefined },
  signal: AbortSignal,
): Promise<boolean> {
  const { bankId, name, config } = exchange
  const begunAt = deps.now().getTime()
  let place = beginningOf(await requirePlace(deps.database, bankId), api, begunAt)
  const { checkpoint } = place
  for await (const page of api.pages({ config, credentials, checkpoint }, signal)) {
    signal.throwIfAborted()
    place = await commitPage(deps, { bankId, name, api }, page, place)
    if (deps.now().getTime() - begunAt > maxRunMs) return false
  }
  signal.throwIfAborted()
  if (place.checkpoint) await sweep(deps, { bankId, name, api }, place)
  return true
}

/** The generation rises with the first commit, which finds it as it was. */
function beginningOf(place: ExchangePlace, api: HashExchange, nowMs: number): ExchangePlace {
  const isFresh = place.checkpoint !== undefined && !api.isStale(place.checkpoint, nowMs)
  return isFresh ? place : { checkpoint: undefined, generation: place.generation + 1 }
}

type Target = { readonly bankId: number; readonly name: string; readonly api: HashExchange }

/** The checkpoint is saved with the last piece of the page; a fetch that is cut off before does the page again. */
async function commitPage(
  deps: FetchDeps,
  target: Target,
  { updates, checkpoint }: ExchangePage,
  from: ExchangePlace,
): Promise<ExchangePlace> {
  requireProgress(checkpoint, from.checkpoint)
  for (let at = 0; at + pieceUpdates < updates.length; at += pieceUpdates)
    await commit(deps, target, updates.slice(at, at + pieceUpdates), from, from)
  const last = Math.max(0, Math.ceil(updates.length / pieceUpdates) - 1) * pieceUpdates
  const to = { checkpoint, generation: from.generation }
  await commit(deps, target, updates.slice(last), from, to)
  return to
}

async function commit(
  { database, now, onChange }: FetchDeps,
  { bankId, name, api }: Target,
  updates: readonly ExchangeUpdate[],
  from: ExchangePlace,
  to: ExchangePlace,
): Promise<void> {
  const tooLong = updates.find(({ key }) => key.length > maxKey)
  if (tooLong) throw new AppError('upstream', `Expected keys of at most ${maxKey} characters`)
  await database.transaction(async (stores) => {
    await requireUnmoved(stores, bankId, from)
    const at = now().toISOString()
    const { hashesOf, opinionOf } = api
    const options = { bankId, generation: to.generation, hashesOf, opinionOf, createdAt: at }
    await logChange(stores, name, await commitUpdates(stores, updates, options), at)
    await stores.exchanges.savePlace(bankId, to)
  })
  await onChange()
}

/** Removes what did not come again when everything was fetched. */
async function sweep(deps: FetchDeps, target: Target, place: ExchangePlace): Promise<void> {
  const { database, onChange } = deps
  const removeSome = (): Promise<number> =>
    database.transaction(async (stores) => {
      await requireUnmoved(stores, target.bankId, place)
      const keys = await stores.exchangeRecords.olderKeys(target.bankId, place.generation, pieceUpdates)
      const at = deps.now().toISOString()
      const { bankId, name, api } = target
      const options = { bankId, generation: place.generation, hashesOf: api.hashesOf, createdAt: at }
      const gone = keys.map((key) => ({ key }))
      await logChange(stores, name, await commitUpdates(stores, gone, options), at)
      return keys.length
    })
  while ((await removeSome()) > 0) await onChange()
}

/** Leaves an audit row where a bank has changed. */
async function logChange(
  { audit }: Pick<Stores, 'audit'>,
  subject: string,
  { added, removed }: BankChange,
  at: string,
): Promise<void> {
  if (added + removed === 0) return
  const details = { added, removed }
  await audit.append([{ at, actor: 'harrier', action: 'exchange.contents-changed', subject, details }])
}

async function requirePlace(
  { exchanges }: Pick<Stores, 'exchanges'>,
  bankId: number,
): Promise<ExchangePlace> {
  const place = await exchanges.place(bankId)
  if (!place) throw new ExchangeMovedError()
  return place
}

async function requireUnmoved(stores: Stores, bankId: number, expected: ExchangePlace): Promise<void> {
  const { checkpoint, generation } = await requirePlace(stores, bankId)
  const isSame = JSON.stringify(checkpoint?.state) === JSON.stringify(expected.checkpoint?.state)
  const isBeginning = expected.checkpoint === undefined && generation < expected.generation
  if (!(isBeginning || (isSame && generation === expected.generation))) throw new ExchangeMovedError()
}

function requireProgress(next: ExchangeCheckpoint, before: ExchangeCheckpoint | undefined): void {
  if ((next.progressAt ?? 0) >= (before?.progressAt ?? 0)) return
  throw new AppError('upstream', 'Expected the exchange to go forward in time but it went back')
}
