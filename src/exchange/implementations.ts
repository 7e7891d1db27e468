import type { HashExchange } from './exchange.ts'
import { sampleExchange } from './sample.ts'

/** How each kind of `exchangeApis` that `isFetched` is fetched, by its name. */
export const implementations: ReadonlyMap<string, HashExchange> = new Map([['sample', sampleExchange]])
