/**
 * The part of `app.ts` that takes users' reports: who may call, how often, what is filed, and the fetch of what it is about;
 * and the pictures that moderators' tools send, whose records are fetched too.
 */
import { createFetchRecord } from './atproto/fetch-record.ts'
import type { IdentityResolver } from './atproto/identity.ts'
import { createVerifyCaller, serviceAuthLimits } from './atproto/service-auth.ts'
import type { Config } from './config/settings.ts'
import type { Services } from './http/services.ts'
import { extractImages } from './ingest/extract-images.ts'
import type { Log } from './lib/logger.ts'
import { createRateLimiter } from './lib/rate-limit.ts'
import type { SafeFetch } from './lib/safe-fetch.ts'
import type { WorkLoop } from './lib/work-loop.ts'
import type { Metrics } from './metrics.ts'
import type { Did } from './model/ids.ts'
import type { Policy } from './model/policy.ts'
import { createReceiveBlob, type ReceiveBlobDeps } from './receive/receive-blob.ts'
import { createFetchSubjects } from './review/fetch-subjects.ts'
import { createFileReport, type FileReport, type ReportLimits } from './review/file-report.ts'
import { createHashBytes, type HashBytesDeps } from './scan/hash-bytes.ts'
import type { Database } from './store/database.ts'
import type { World } from './world.ts'

/** What taking reports needs. */
export type ReportsDeps = {
  readonly config: Config
  readonly policy: Policy
  /** The labeler. */
  readonly src: Did
  readonly database: Database
  readonly identity: IdentityResolver
  readonly fetch: SafeFetch
  readonly metrics: Metrics
  readonly logger: Log
  readonly world: World
  readonly hashing: HashBytesDeps
  readonly matchHashes: ReceiveBlobDeps['matchHashes']
  readonly versions: ReceiveBlobDeps['versions']
  /** Called when images of a report's subject wait to be scanned. */
  readonly onJobs: () => void
}

/** What takes reports and pictures: three services of the public listener, and the loop that fetches what reports are about. */
export type Reports = Pick<Services, 'verifyCaller' | 'receiveBlob'> & {
  readonly fileReport: FileReport
  readonly fetchSubjects: WorkLoop
}

/** Returns what takes reports. */
export function createReports(deps: ReportsDeps): Reports {
  const { config, policy, src, database, identity, fetch, metrics, logger, world, onJobs } = deps
  const limits = createReportLimits(config, world)
  const fetchSubjects = createFetchSubjects(
    {
      database,
      fetchRecord: createFetchRecord(
        { resolvePds: identity.resolvePds, fetch },
        { timeoutMs: config.fetchTimeoutMs, idleTimeoutMs: config.fetchTimeoutMs / 2 },
      ),
      extractImages: (version) => extractImages(version, config.maxBlobsPerRecord).images,
      onJobs,
      logger,
      now: world.now,
      random: world.random,
    },
    { ...config, atOnce: 8, timeoutMs: config.fetchTimeoutMs * 2 },
  )
  const verifyCaller = createVerifyCaller(
    {
      did: src,
      identity,
      usedTokens: database.tokens,
      admit: (did) => limits.byAccount.take(did),
      now: () => world.now().getTime(),
    },
    serviceAuthLimits,
  )
  const fileReport = createFileReport({
    database,
    scope: policy.reports,
    limits,
    metrics,
    now: world.now,
    onReport: fetchSubjects.wake,
  })
  const receiveBlob = createReceiveBlob(
    {
      database,
      hashBytes: createHashBytes(deps.hashing),
      matchHashes: deps.matchHashes,
      versions: deps.versions,
      onRecord: fetchSubjects.wake,
      now: world.now,
    },
    { timeoutMs: config.hashTimeoutMs * 2 },
  )
  return { fetchSubjects, verifyCaller, fileReport, receiveBlob }
}

/** Returns how many reports are taken in an hour, by account and by subject. */
function createReportLimits(config: Config, world: World): ReportLimits {
  const shared = { periodMs: 3_600_000, maxKeys: 100_000, now: () => world.now().getTime() }
  return {
    byAccount: createRateLimiter({
      ...shared,
      points: config.reportsPerAccount,
      what: 'reports by an account',
    }),
    bySubject: createRateLimiter({
      ...shared,
      points: config.reportsPerSubject,
      what: 'reports of a subject',
    }),
  }
}
