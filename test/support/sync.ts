import {
  type AppviewSync,
  type LabelerReport,
  openAppviewSync,
  type SyncRequest,
} from '../../src/appview-sync.ts'
import { parseConfig } from '../../src/config/config.ts'
import type { Env } from '../../src/config/env.ts'
import { createLogger } from '../../src/lib/logger.ts'
import type { Did } from '../../src/model/ids.ts'
import { realWorld } from '../../src/world.ts'
import type { TestDatabase } from './postgres.ts'

/** Where a sync of a test reads and writes. */
export type SyncPlaces = {
  readonly database: Pick<TestDatabase, 'url'>
  readonly labelers: readonly { readonly did: string; readonly origin: string }[]
  readonly plcUrl?: string
}

/** The settings of a sync, as an operator would write them. */
export function syncEnv({ database, labelers, plcUrl }: SyncPlaces): Env {
  const origins = [...labelers.map(({ origin }) => origin), ...(plcUrl ? [plcUrl] : [])]
  return {
    HARRIER_APPVIEW_DATABASE_URL: database.url,
    HARRIER_APPVIEW_LABELERS: labelers.map(({ did }) => did).join(','),
    HARRIER_APPVIEW_METRICS_PORT: '0',
    HARRIER_ALLOW_PRIVATE_ORIGINS: origins.join(','),
    ...(plcUrl ? { HARRIER_PLC_URL: plcUrl } : {}),
  }
}

/** What a test may ask for beside the places. */
export type SyncWish = Partial<Pick<SyncRequest, 'isFromStart' | 'isDryRun' | 'idleMs'>> & {
  /** Takes the log's lines. */
  readonly lines?: string[]
}

/** Opens a sync in this process; its waits are as short as they may be. */
export function openTestSync(
  places: SyncPlaces,
  { lines = [], ...wish }: SyncWish = {},
): Promise<AppviewSync> {
  const { config } = parseConfig(syncEnv(places))
  const request = {
    databaseUrl: places.database.url,
    labelers: places.labelers.map(({ did }) => did as Did),
    isFromStart: false,
    isDryRun: false,
    idleMs: undefined,
    ...wish,
  }
  const logger = createLogger('debug', { write: (line) => void lines.push(line) })
  return openAppviewSync(config, request, { logger, world: { ...realWorld, random: () => 0 } })
}

/** Reads every labeler to its end, in this process, and returns the reports. */
export async function syncOnce(places: SyncPlaces, wish: SyncWish = {}): Promise<LabelerReport[]> {
  await using sync = await openTestSync(places, { idleMs: 300, ...wish })
  return await sync.run(new AbortController().signal)
}

/** A sync that follows until it is disposed. */
export async function startSync(places: SyncPlaces, wish: SyncWish = {}): Promise<RunningSync> {
  const stop = new AbortController()
  const sync = await openTestSync(places, wish)
  const reports = sync.run(stop.signal)
  // Whoever waits for it sees a failure; until then it must not end the test's process.
  reports.catch(() => {})
  return {
    reports,
    metricsUrl: sync.metricsUrl ?? '',
    async [Symbol.asyncDispose]() {
      stop.abort()
      await reports.catch(() => {})
      await sync[Symbol.asyncDispose]()
    },
  }
}

/** A sync under way. Disposal stops it in order. */
export interface RunningSync extends AsyncDisposable {
  readonly reports: Promise<LabelerReport[]>
  readonly metricsUrl: string
}
