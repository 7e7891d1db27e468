import type { Exchange, ExchangeApi, ExchangeStatus, ExchangeValues } from '../../model/exchange.ts'
import type { HashType, ImageHash, PdqProfile } from '../../model/hash.ts'
import type { Match } from '../../model/match.ts'
import type { CuratorServices } from '../curator-services.ts'

/** Which of the known content is asked for. */
export type LookupOptions = {
  /** Only these banks, by name. */
  readonly banks?: readonly string[]
  /** Only banks and hash types whose ratio is this at least, 0 to 1; 0 takes in what is switched off. */
  readonly coin?: number
  /** Also contents that are disabled. */
  readonly hasDisabled?: boolean
  /** Also what negative banks suppress. */
  readonly hasSuppressed?: boolean
}

/** How media is hashed: a picture by its decoder, anything else by its bytes alone. */
export type MediaKind = 'photo' | 'video'

/** How far the indexes have followed the banks. */
export type IndexState = {
  /** Hashes that can be found, by type. */
  readonly sizes: Readonly<Record<HashType, number>>
  /** When the newest content was added, in epoch milliseconds; undefined when there is none. */
  readonly newestAt: number | undefined
}

/** Fetching, hashing and matching media. */
export interface MediaServices {
  /** The most bytes of media that are taken. */
  readonly maxBytes: number
  /** Runs what takes memory for media, when there is room. @throws AppError `unavailable` when too much waits. */
  readonly atMost: <Value>(work: () => Promise<Value>) => Promise<Value>
  /** Downloads what a URL names; `mimeType` is what its server says. @throws AppError `invalid` or `too-large`. */
  download(
    url: string,
    signal: AbortSignal,
  ): Promise<{ readonly bytes: Uint8Array; readonly mimeType: string | undefined }>
  /**
   * Hashes media: the digests of its bytes, and of a photo the PDQ of its pixels as stored in one profile, or of every look
   * that the settings ask for in the profiles of the banks. @throws AppError `invalid` when it is no photo that can be read.
   */
  hash(
    media: { readonly bytes: Uint8Array; readonly kind: MediaKind },
    looks: PdqProfile | 'every',
    signal: AbortSignal,
  ): Promise<readonly ImageHash[]>
  /** Returns what an image with these hashes is, or is close to. */
  match(hashes: readonly ImageHash[], options: LookupOptions): Promise<readonly Match[]>
}

/** Exchanges, each of which fills a bank of its name. When a change resolves it is durable. */
export interface ExchangeServices {
  /** Every kind of exchange, in the order in which tools show them. */
  readonly apis: readonly ExchangeApi[]
  /** True where there are credentials for a kind. */
  hasCredentials(api: string): boolean
  /** Sets the credentials of a kind; with no values, forgets them. @throws an `AppError` of kind `invalid`. */
  setCredentials(api: ExchangeApi, values: ExchangeValues): Promise<void>
  /** Returns every exchange, by name. */
  list(): Promise<readonly Exchange[]>
  find(name: string): Promise<Exchange | undefined>
  /** Returns undefined when it is gone. */
  status(exchange: Exchange): Promise<ExchangeStatus | undefined>
  /** Makes a bank and the exchange that fills it. @throws an `AppError` of kind `invalid`, or `conflict` when the name is taken. */
  create(name: string, api: ExchangeApi, config: ExchangeValues): Promise<void>
  /** Returns the exchange as it is now; undefined when it is gone. */
  setEnabled(exchange: Exchange, isEnabled: boolean): Promise<Exchange | undefined>
  /** Removes the exchange with its bank and all that is in it. */
  remove(exchange: Exchange): Promise<void>
  /** Has every exchange that is on fetched. Does not wait for it. */
  fetchNow(): void
}

/** What the HTTP API of Hasher-Matcher-Actioner asks of the rest, beyond lookups. */
export interface HmaServices {
  readonly curator: CuratorServices
  readonly exchanges: ExchangeServices
  readonly media: MediaServices
  /** Brings the indexes to the end of what is stored, and says where they are. */
  indexState(): Promise<IndexState>
  /** Returns for how many milliseconds at most matching may have missed a change of the banks. */
  indexAgeMs(): number
  /** Returns the share of images, 0 to 1, for which hashes of a type are matched. */
  typeRatio(type: HashType): number
  /** Returns the distance of two PDQ hashes in lower-case hex, in bits. */
  distance(a: string, b: string): number
}
