/**
 * The composition root of `harrier appview-sync`, which is a process of its own: it shares the safe fetch and the identity
 * resolver with the service, and neither its store nor its stages.
 */
import packageJson from '../package.json' with { type: 'json' }
import { tableNotices } from './appview/check-table.ts'
import type { FollowOptions } from './appview/follow-labeler.ts'
import { openLabelTable } from './appview/label-table.ts'
import type { LabelerReport } from './appview/labeler-report.ts'
import { createLabelerSources } from './appview/labeler-source.ts'
import { syncLabelers } from './appview/sync.ts'
import { createSyncMetrics, type SyncMetrics } from './appview/sync-metrics.ts'
import { createIdentityResolver, type IdentityDeps } from './atproto/identity.ts'
import type { Config } from './config/settings.ts'
import { openListener } from './http/listener.ts'
import type { Log } from './lib/logger.ts'
import { createMetricsPage } from './lib/metrics-page.ts'
import { createSafeFetch } from './lib/safe-fetch.ts'
import { createSafeWebSocket } from './lib/safe-websocket.ts'
import type { Did } from './model/ids.ts'
import { realWorld, type World } from './world.ts'

export type { LabelerReport } from './appview/labeler-report.ts'

/** What the sync is to do. */
export type SyncRequest = {
  /** `postgres://…`: the AppView's database. */
  readonly databaseUrl: string
  /** At least one, each once. */
  readonly labelers: readonly Did[]
  /** True reads the labelers from their beginning, whatever was read before. */
  readonly isFromStart: boolean
  /** True writes nothing. */
  readonly isDryRun: boolean
  /** A labeler that is quiet for so long has been read to its end, and the sync ends with the last; undefined follows. */
  readonly idleMs: number | undefined
}

/** What a caller may bring along. */
export type SyncOptions = { readonly world?: World; readonly logger: Log }

/** A sync that is ready. Disposal closes its listener and its database. */
export interface AppviewSync extends AsyncDisposable {
  /** Where the metrics are: `http://127.0.0.1:3002/metrics`; undefined for a sync that ends by itself. */
  readonly metricsUrl: string | undefined
  /** Follows the labelers until the signal is aborted or all are read. Call it once. @throws as `syncLabelers` does. */
  run(signal: AbortSignal): Promise<LabelerReport[]>
}

type SyncConfig = Pick<
  Config,
  | 'appviewSchema'
  | 'appviewCursorSchema'
  | 'appviewMetricsPort'
  | 'operatorHost'
  | 'plcUrl'
  | 'allowPrivateOrigins'
  | 'fetchTimeoutMs'
  | 'maxRedirects'
>

const userAgent = `harrier/${packageJson.version} (AppView label sync)`

/** Opens the AppView's database and the metrics; nothing is followed yet. @throws as `openLabelTable` does. */
export async function openAppviewSync(
  config: SyncConfig,
  request: SyncRequest,
  { world = realWorld, logger }: SyncOptions,
): Promise<AppviewSync> {
  await using opening = new AsyncDisposableStack()
  const { labelers, isDryRun } = request
  const table = opening.use(
    await openLabelTable(
      {
        url: request.databaseUrl,
        schema: config.appviewSchema,
        cursorSchema: config.appviewCursorSchema,
        isDryRun,
        maxConnections: Math.min(labelers.length, 8),
      },
      world.now,
    ),
  )
  for (const notice of table.notices) logger.warn({ notice, ...tableNotices[notice] }, 'appview.notice')
  if (request.isFromStart) await table.forgetCursors(labelers)

  const metrics = createSyncMetrics(labelers)
  const metricsUrl = request.idleMs === undefined ? await openMetrics(config, metrics, opening) : undefined
  const identity = createIdentityResolver(identityDeps(config, world))
  const deps = {
    store: table,
    sources: createLabelerSources(identity),
    openWebSocket: createSafeWebSocket({
      allowedPrivateOrigins: config.allowPrivateOrigins,
      userAgent,
      handshakeTimeoutMs: config.fetchTimeoutMs,
      maxMessageBytes: 4 * 1024 * 1024,
    }),
    metrics,
    logger,
    now: world.now,
    random: world.random,
  }
  const stack = opening.move()
  return {
    metricsUrl,
    run: (signal) => syncLabelers(deps, { ...followOptions, idleMs: request.idleMs }, labelers, signal),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** A run that ends by itself has no listener, so that it can be made beside one that goes on. */
async function openMetrics(
  { operatorHost: host, appviewMetricsPort: port }: SyncConfig,
  metrics: SyncMetrics,
  stack: AsyncDisposableStack,
): Promise<string> {
  const onRequest = createMetricsPage(metrics)
  const { url } = stack.use(await openListener('metrics', { host, port }, { onRequest }, 1_000))
  return `${url}/metrics`
}

/** Documents are asked for anew at every connection, so none is remembered. */
function identityDeps(config: SyncConfig, world: World): IdentityDeps {
  return {
    store: { load: async () => undefined, save: async () => {}, forget: async () => {} },
    fetch: createSafeFetch({
      timeoutMs: config.fetchTimeoutMs,
      maxRedirects: config.maxRedirects,
      allowedPrivateOrigins: config.allowPrivateOrigins,
      userAgent,
      fetch: world.fetch,
    }),
    plcUrl: config.plcUrl,
    timeoutMs: config.fetchTimeoutMs,
    now: () => world.now().getTime(),
  }
}

const followOptions: Omit<FollowOptions, 'idleMs'> = {
  batchFrames: 1000,
  maxQueuedFrames: 2000,
  maxQueuedBytes: 2 * 1024 * 1024,
  pingIntervalMs: 30_000,
  maxAgeMs: 3_600_000,
  backoff: { baseMs: 1_000, maxMs: 300_000 },
  maxAttempts: 3,
}
