import { AppError } from '../lib/errors.ts'
import { type Bank, defaultMinQuality, defaultThreshold } from '../model/bank.ts'
import type { Exchange, ExchangeApi, ExchangeStatus, ExchangeValues } from '../model/exchange.ts'
import type { Database, Stores } from '../store/database.ts'
import { exchangeApis } from './apis.ts'
import type { Credentials } from './credentials.ts'
import { readValues } from './read-values.ts'

/** Setting exchanges up. When a change resolves it is durable, with its audit row. */
export interface Exchanges {
  /** Every kind, in the order in which tools show them. */
  readonly apis: readonly ExchangeApi[]
  /** True where there are credentials for a kind. */
  hasCredentials(api: string): boolean
  /** Sets the credentials of a kind; with no values, forgets them. @throws AppError `invalid` that names what is wrong. */
  setCredentials(api: ExchangeApi, values: ExchangeValues): Promise<void>
  /** Returns every exchange, by name. */
  list(): Promise<readonly Exchange[]>
  find(name: string): Promise<Exchange | undefined>
  /** Returns undefined when it is gone. */
  status(exchange: Exchange): Promise<ExchangeStatus | undefined>
  /** Makes a bank and the exchange that fills it. @throws AppError `invalid` as above, `conflict` when the name is taken. */
  create(name: string, api: ExchangeApi, config: ExchangeValues): Promise<void>
  /** Switches fetching on or off, and returns the exchange as it is now; undefined when it is gone. */
  setEnabled(exchange: Exchange, isEnabled: boolean): Promise<Exchange | undefined>
  /** Removes the exchange with its bank and all that is in it. */
  remove(exchange: Exchange): Promise<void>
  /** Has every exchange that is on fetched. Does not wait for it. */
  fetchNow(): void
}

/** What setting up needs. */
export type ExchangesDeps = {
  readonly database: Pick<Database, 'transaction' | 'exchanges' | 'banks'>
  readonly credentials: Credentials
  /** Removes a bank with its contents, piece by piece. */
  readonly removeBank: (bank: Bank) => Promise<unknown>
  /** Who makes the changes, as in `audit`. */
  readonly actor: string
  readonly now: () => Date
  /** Called after banks have changed; resolves when matching has taken it in. */
  readonly onChange: () => Promise<void>
  /** Called when there may be something to fetch. Does not wait for it. */
  readonly onDue: () => void
}

/** Returns the changes as one actor makes them. */
export function createExchanges(deps: ExchangesDeps): Exchanges {
  const { database, credentials, actor, now } = deps
  const log = (stores: Stores, action: string, subject: string, details: ExchangeValues): Promise<void> =>
    stores.audit.append([{ at: now().toISOString(), actor, action, subject, details }])
  return {
    apis: exchangeApis,
    hasCredentials: credentials.has,

    async setCredentials(api, values) {
      if (!api.credentials)
        throw new AppError('invalid', 'Expected a kind of exchange that takes credentials')
      const isSet = Object.keys(values).length > 0
      if (!isSet && !credentials.has(api.name)) return
      const read = isSet ? readValues(api.credentials, values) : undefined
      await database.transaction(async (stores) => {
        await log(stores, isSet ? 'exchange.credentials-set' : 'exchange.credentials-removed', api.name, {})
        credentials.set(api.name, read)
      })
      deps.onDue()
    },

    fetchNow: deps.onDue,
    list: () => database.exchanges.list(),
    find: (name) => database.exchanges.find(name),
    status: ({ bankId }) => database.exchanges.status(bankId),

    async create(name, api, config) {
      const values = readValues(api.config, config)
      await database.transaction(async (stores) => {
        // Nobody says which hasher made the hashes that will come.
        const bank = {
          threshold: defaultThreshold,
          minQuality: defaultMinQuality,
          profile: 'unknown',
        } as const
        const { id } = await stores.banks.create({ ...bank, name, createdAt: now().toISOString() })
        await stores.exchanges.create(id, api.name, values)
        await log(stores, 'bank.created', name, { ...bank, enabledRatio: 1 })
        await log(stores, 'exchange.created', name, { api: api.name, config: values })
      })
      await deps.onChange()
      deps.onDue()
    },

    async setEnabled({ bankId, name, isEnabled: wasEnabled }, isEnabled) {
      await database.transaction(async (stores) => {
        if (wasEnabled === isEnabled || !(await stores.exchanges.setEnabled(bankId, isEnabled))) return
        await log(stores, isEnabled ? 'exchange.enabled' : 'exchange.disabled', name, {})
      })
      deps.onDue()
      return await database.exchanges.find(name)
    },

    async remove({ bankId, name, api }) {
      const bank = (await database.banks.settings()).find(({ id }) => id === bankId)
      if (!bank) return
      // Nothing more is fetched from here on, also when what follows is cut off.
      await database.transaction(async (stores) => {
        await stores.exchanges.setEnabled(bankId, false)
        await log(stores, 'exchange.removed', name, { api })
      })
      await deps.removeBank(bank)
    },
  }
}
