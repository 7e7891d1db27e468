/**
 * The composition root of `harrier gate`: the upload gate in a process of its own, on the data folder of the service, which
 * looks later at what was passed without a verdict. It follows the banks as the service does.
 */
import type { Secrets } from './config/config.ts'
import type { Config } from './config/settings.ts'
import { openListener } from './http/listener.ts'
import type { Log } from './lib/logger.ts'
import { createMetricsPage } from './lib/metrics-page.ts'
import { pause } from './lib/pause.ts'
import { startTask } from './lib/task.ts'
import { openMatcher } from './match/match.ts'
import { createMetrics } from './metrics.ts'
import { openResources } from './resources.ts'
import { watchChanges } from './store/watch-changes.ts'
import { openUploadGate } from './upload-gate.ts'
import { realWorld, type World } from './world.ts'

/** What a caller may bring along. */
export type GateProcessOptions = { readonly world?: World; readonly logger: Log }

/** A gate that runs. Disposal lets uploads that are under way end, then closes the store. */
export interface GateProcess extends AsyncDisposable {
  readonly url: string
  /** Where the metrics are: `http://127.0.0.1:3004/metrics`. */
  readonly metricsUrl: string
  /** Rejects when something that Harrier owns fails: the process should end. Never resolves. */
  readonly failure: Promise<never>
}

/** Opens the gate; when it resolves, it listens. @throws as `openUploadGate` and `openResources` do. */
export async function openGateProcess(
  config: Config,
  secrets: Secrets,
  { world = realWorld, logger }: GateProcessOptions,
): Promise<GateProcess> {
  await using opening = new AsyncDisposableStack()
  const opener = { opener: 'command', now: world.now, isSender: false } as const
  const { database, policy } = await openResources(config, secrets, opener)
  opening.use(database)
  let matcher = await openMatcher(database)
  opening.defer(() => matcher[Symbol.asyncDispose]())

  const onChange = async (signal: AbortSignal): Promise<void> => {
    const followed = await matcher.refresh()
    // The service forgets removals once it has followed them, whether or not this process has.
    if ((await database.bankChanges.lastRemoval()) <= followed) return
    const former = matcher
    matcher = await openMatcher(database)
    await pause(config.gateVerdictMs, signal)
    await former[Symbol.asyncDispose]()
  }
  const watching = opening.use(
    startTask((signal) => watchChanges(database, () => onChange(signal), 50, signal)),
  )
  const metrics = createMetrics()
  const { registry } = metrics
  const gate = opening.use(
    await openUploadGate({ config, database, matcher: () => matcher, policy, metrics, logger, world }),
  )
  const page = opening.use(
    await openListener(
      'metrics',
      { host: config.operatorHost, port: config.gateMetricsPort },
      { onRequest: createMetricsPage({ contentType: registry.contentType, text: () => registry.metrics() }) },
      1_000,
    ),
  )
  const open = opening.move()
  return {
    url: gate.url,
    metricsUrl: `${page.url}/metrics`,
    failure: Promise.race([gate.failure, watching.failure]),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
