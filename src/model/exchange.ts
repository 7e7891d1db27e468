/** One field of a form for an exchange, as tools draw it. */
export type ExchangeField = {
  readonly name: string
  readonly type: 'string' | 'number' | 'enum' | 'set_of_number'
  readonly required: boolean
  /** Its value where none is given; null for a required one. */
  readonly default: unknown
  readonly help: string | null
  /** The only values of an enum. */
  readonly choices: readonly string[] | null
}

/** A kind of exchange: one programme's way of sharing hashes. */
export type ExchangeApi = {
  readonly name: string
  /** What an exchange of this kind is set up with. */
  readonly config: readonly ExchangeField[]
  /** What its service asks of whoever fetches, alike for all exchanges of the kind; undefined where it asks for nothing. */
  readonly credentials: readonly ExchangeField[] | undefined
  /** True where hashes are fetched; otherwise exchanges are kept, and nothing comes in. */
  readonly isFetched: boolean
}

/** Values of an exchange's own fields, each one that the kind has. */
export type ExchangeValues = Readonly<Record<string, unknown>>

/** An exchange that is set up. It has the name of its bank, which it was made with and goes with. */
export type Exchange = {
  readonly bankId: number
  readonly name: string
  readonly api: string
  readonly config: ExchangeValues
  readonly isEnabled: boolean
}

/** How far the fetching of an exchange is. Times are epoch milliseconds. */
export type ExchangeStatus = {
  /** Up to when its service's changes are in, where the service tells times. */
  readonly checkpointAt: number | undefined
  /** Records that are there now. */
  readonly records: number
  readonly fetchStartedAt: number | undefined
  readonly fetchEndedAt: number | undefined
  /** How the last fetch ended; undefined before the first has. */
  readonly hasSucceeded: boolean | undefined
  /** True when the last fetch came to the end of what there was. */
  readonly isUpToDate: boolean
}

/** Where a fetch is to go on: what only the exchange's own code can read, and up to when changes are in. */
export type ExchangeCheckpoint = {
  readonly state: ExchangeValues
  /** Epoch milliseconds. Never goes back. */
  readonly progressAt: number | undefined
}
