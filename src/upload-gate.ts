/**
 * Wires the upload gate, for the service and for `harrier gate`, and the later look at what it passed without a verdict,
 * which is the service's alone: it has the pipeline.
 */
import { findBlocked } from './act/decide-upload.ts'
import type { FetchRecordDeps } from './atproto/fetch-record.ts'
import { createListRecords, maxRecordsAtOnce } from './atproto/list-records.ts'
import type { Config } from './config/settings.ts'
import { type Gate, type GateDeps, type GateOptions, openGate } from './gate/gate.ts'
import { createGateMetrics } from './gate/gate-metrics.ts'
import { createRecheck } from './gate/recheck.ts'
import { extractImages } from './ingest/extract-images.ts'
import { AppError } from './lib/errors.ts'
import type { Log } from './lib/logger.ts'
import { shareOf } from './lib/share.ts'
import type { WorkLoop } from './lib/work-loop.ts'
import type { Matcher } from './match/match.ts'
import type { Metrics } from './metrics.ts'
import { sha256OfBlobCid } from './model/ids.ts'
import { imageFormats } from './model/image.ts'
import type { Policy } from './model/policy.ts'
import { hashPlanOf, hashPoolOptions } from './resources.ts'
import { type HashPool, openHashPool } from './scan/hash-pool.ts'
import { sniffFormat } from './scan/sniff-format.ts'
import type { Database } from './store/database.ts'
import type { World } from './world.ts'

/** What the gate is wired to. */
export type UploadGateParts = {
  readonly config: Config
  readonly database: Database
  /** Returns the matcher of now. */
  readonly matcher: () => Pick<Matcher, 'examine' | 'profiles' | 'hasSha1'>
  readonly policy: Policy
  readonly metrics: Pick<Metrics, 'registry' | 'requested'>
  readonly logger: Log
  readonly world: World
}

/** How long after an upload its record is looked for first; most records follow within seconds. */
const firstLookMs = 15_000

/**
 * Opens the gate with a hash pool of its own, so that uploads do not wait behind the stream's images.
 * @throws {AppError} `invalid` without a PDS in the settings, `unavailable` when its address cannot be listened on.
 */
export async function openUploadGate(parts: UploadGateParts): Promise<Gate> {
  const { config, policy, logger, metrics } = parts
  await using opening = new AsyncDisposableStack()
  const options = {
    ...hashPoolOptions(config),
    processes: config.gateHashProcesses,
    maxQueue: config.gateUploadsAtOnce,
  }
  const pool = opening.use(openHashPool(options))
  const prepared = pool.prepare()
  const gateMetrics = createGateMetrics(metrics.registry)
  const deps = { ...gateDeps(parts, pool), metrics: gateMetrics, logger }
  await prepared
  const gate = opening.use(await openGate(deps, gateOptions(config)))
  gateMetrics.watch({
    uploads: () => gate.uploads,
    hashesPending: () => pool.pending,
    rememberedCounts: () => parts.database.uploads.counts(),
  })
  if (!blocksAnything(policy))
    logger.warn({ means: 'no tier of the policy has block' }, 'gate.blocks-nothing')
  logger.info({ url: gate.url, pds: config.gatePds, unjudged: config.gateUnjudged }, 'gate.started')
  const open = opening.move()
  return {
    url: gate.url,
    get uploads() {
      return gate.uploads
    },
    failure: gate.failure,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

function gateDeps(
  { config, database, matcher, policy, metrics, world }: UploadGateParts,
  pool: HashPool,
): Omit<GateDeps, 'metrics' | 'logger'> {
  return {
    isPicture: (head) => imageFormats.some((format) => format === sniffFormat(head)),
    hash: (bytes, signal) => pool.hash(bytes, hashPlanOf(config, matcher()), signal),
    async findBlocked(hashes, cid) {
      metrics.requested('gate')
      // As the pipeline has it: a bank that acts on some pictures blocks the same ones.
      const coin = shareOf(sha256OfBlobCid(cid))
      const { matches, isSettled } = await matcher().examine(hashes, { coin })
      const match = findBlocked(policy, matches)
      return match && { match, isSettled }
    },
    remember(upload) {
      const now = world.now()
      return database.transaction(({ uploads }) =>
        uploads.add(upload, now.toISOString(), now.getTime() + firstLookMs),
      )
    },
    recordRefusal({ did, cid, size, match }) {
      const { bankId: _, ...matched } = match
      // Whose it is stands in a token that nobody has verified: a claim, and so no subject.
      const details = { ...matched, size, claimedBy: did ?? null }
      const at = world.now().toISOString()
      return database.transaction(({ audit }) =>
        audit.append([{ at, actor: 'harrier', action: 'upload.refused', subject: cid, details }]),
      )
    },
  }
}

/** Returns the loop that looks for the records of what was passed without a verdict; starts nothing. */
export function createUploadRecheck({
  config,
  database,
  logger,
  world,
  onJobs,
  ...hosts
}: Pick<UploadGateParts, 'config' | 'database' | 'logger' | 'world'> &
  FetchRecordDeps & { readonly onJobs: () => void }): WorkLoop {
  const times = { timeoutMs: config.fetchTimeoutMs, idleTimeoutMs: config.fetchTimeoutMs / 2 }
  const listRecords = createListRecords(hosts, times)
  return createRecheck(
    {
      claim: database.uploads.claim,
      retry: database.uploads.retry,
      end: database.uploads.end,
      async handOver(id, images, at) {
        await database.transaction(async ({ jobs, uploads }) => {
          await jobs.enqueueReported(images, at.toISOString(), at.getTime())
          await uploads.end(id, 'done', 'queued', at.toISOString())
        })
        onJobs()
      },
      listRecords: (did, collection, signal) =>
        listRecords(did, collection, { limit: maxRecordsAtOnce }, signal),
      extractImages: (version) => extractImages(version, config.maxBlobsPerRecord).images,
      logger,
      now: world.now,
      random: world.random,
    },
    {
      atOnce: 4,
      pollMs: 1_000,
      timeoutMs: config.fetchTimeoutMs * 2,
      // From seconds to hours apart: about a day in all.
      maxAttempts: 14,
      retryBaseMs: firstLookMs,
      retryMaxMs: 6 * 3_600_000,
    },
  )
}

function gateOptions(config: Config): GateOptions {
  if (config.gatePds === undefined)
    throw new AppError(
      'invalid',
      'Expected HARRIER_GATE_PDS to name the PDS that the gate stands before (http://127.0.0.1:2583) but received nothing',
    )
  return {
    upstream: config.gatePds,
    host: config.gateHost,
    port: config.gatePort,
    others: config.gateOthers,
    unjudged: config.gateUnjudged,
    atOnce: config.gateUploadsAtOnce,
    maxBytes: config.gateMaxBytes,
    maxPictureBytes: config.gateMaxPictureBytes,
    verdictMs: config.gateVerdictMs,
    refusalWaitMs: config.gateRefusalWaitMs,
    bodyMs: config.gateBodyMs,
    idleMs: config.gateIdleMs,
    answerMs: config.gateBodyMs,
  }
}

function blocksAnything({ banks, otherBanks }: Policy): boolean {
  return [...banks.map(({ tiers }) => tiers), otherBanks]
    .flat()
    .some(({ effects }) => effects.some(({ kind }) => kind === 'block'))
}
