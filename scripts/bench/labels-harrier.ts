/**
 * Harrier's publishing in a process of its own, for the labels benchmark: the parts of `app.ts` from a decision to the
 * subscribers, without the event stream and the pictures. Labels are made by the front doors that the pipeline calls.
 */
import { createApplyEffects } from '../../src/act/apply.ts'
import { importSigningKey } from '../../src/atproto/signing-key.ts'
import { openHttp } from '../../src/http/server.ts'
import { createLogger } from '../../src/lib/logger.ts'
import { createMetrics } from '../../src/metrics.ts'
import type { AtUri, Did } from '../../src/model/ids.ts'
import type { ScanJob } from '../../src/model/job.ts'
import type { ScanResult } from '../../src/model/scan.ts'
import { noTimings } from '../../src/model/scan.ts'
import { createLabelTail } from '../../src/publish/label-tail.ts'
import { createServedLabels } from '../../src/publish/served-labels.ts'
import { createSignLabel, createSignLabels } from '../../src/publish/sign-labels.ts'
import type { Database } from '../../src/store/database.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { imageOf, matchOf, otherCid } from '../../test/support/builders.ts'
import { claimJobs } from '../../test/support/claim-jobs.ts'
import { absentHma, testHmaOptions, testRestOptions } from '../../test/support/http-fixture.ts'
import { labelerDid } from '../../test/support/label-rows.ts'
import { answerCalls, type HarrierCalls, publishAtOnce, publishPaced } from './labels-calls.ts'
import { newUris, signingKeyHex } from './labels-rows.ts'

const match = matchOf()
const scan: ScanResult = { kind: 'digest-only', hashes: [], timings: noTimings }
const now = (): Date => new Date()

let database: Database
let createLabel: (uri: string) => Promise<number>
let endJob: (job: ScanJob) => Promise<number>

/** Jobs that are there to be ended, as the stream leaves them and the worker claims them: a label is the end of one. */
async function prepareJobs(count: number): Promise<ScanJob[]> {
  const images = newUris(count).map((uri) => imageOf({ uri: uri as AtUri, did: uri.split('/')[2] as Did }))
  const jobs: ScanJob[] = []
  await database.transaction((stores) => stores.jobs.enqueue(images, now().toISOString(), Date.now()))
  while (jobs.length < count)
    jobs.push(...(await claimJobs(database.jobs, { now: Date.now(), leaseMs: 1e6, limit: 500, busy: [] })))
  return jobs
}

async function notMeasured(): Promise<never> {
  throw new Error('Expected only labels to be asked for')
}

/** No endpoint is to hear of anything. */
const tellNobody = async (): Promise<number> => 0

async function openPublishing(path: string): Promise<string> {
  database = await openSqlite({ path })
  const metrics = createMetrics()
  const key = await importSigningKey(signingKeyHex)
  const served = createServedLabels({ database, keyOf: async () => key })
  const tail = createLabelTail({ labels: served })
  const signing = { key: () => key, src: labelerDid, declaredVals: new Set(['known-image']), now }
  const signLabel = createSignLabel(signing)
  createLabel = async (uri) => {
    const label = await signLabel({ uri: uri as AtUri, val: 'known-image', after: undefined })
    const [published] = await database.sharedTransaction((stores) => stores.labels.append([label]))
    tail.wake()
    return published?.seq ?? Number.NaN
  }
  const signLabels = createSignLabels(signing)
  const applyEffects = createApplyEffects({
    database,
    src: labelerDid,
    targets: [],
    quotas: {},
    flood: { least: Number.MAX_SAFE_INTEGER, factor: 1 },
    announce: tellNobody,
    now,
  })
  endJob = async (job) => {
    const effect = {
      kind: 'label',
      uri: job.image.uri,
      cid: otherCid,
      val: 'known-image',
      exp: undefined,
      priority: 'normal',
      after: undefined,
      match,
    } as const
    const labels = await signLabels([effect])
    const applied = await applyEffects({
      job,
      scan,
      matches: [match],
      suppressed: [],
      proof: { hashes: [], policy: 'none', banks: '0-0' },
      effects: [effect],
      labels,
    })
    tail.wake()
    return applied.labels[0]?.seq ?? Number.NaN
  }
  const logger = createLogger('warn')
  const loopback = { host: '127.0.0.1', port: 0 }
  const http = await openHttp(
    {
      services: {
        version: '0',
        did: labelerDid,
        queryLabels: (wanted) => served.query(wanted, now().toISOString()),
        subscribeLabels: (cursor, signal) => tail.subscribe(cursor, signal),
        streamFloor: () => database.labels.floor(),
        lastSeq: () => database.labels.lastSeq(),
        recordSubscription: () => {},
        pastSubscriptions: async () => [],
        now,
        verifyCaller: notMeasured,
        fileReport: notMeasured,
        receiveBlob: notMeasured,
        lookup: notMeasured,
        rest: {
          authorize: notMeasured,
          hash: notMeasured,
          fetchImage: notMeasured,
          matchHash: notMeasured,
          matchImage: notMeasured,
          contentStatus: notMeasured,
          verifyWebhook: notMeasured,
          handleAppEvent: notMeasured,
          handleHmaEvent: notMeasured,
          takeAction: notMeasured,
          reportContent: notMeasured,
          curator: () => absentHma.curator,
          audit: notMeasured,
          health: notMeasured,
          pause: { load: notMeasured, begin: notMeasured, end: notMeasured },
          reviews: {
            list: notMeasured,
            find: notMeasured,
            view: notMeasured,
            decide: notMeasured,
            weigh: notMeasured,
          },
          outbox: { list: notMeasured, counts: notMeasured, retry: notMeasured },
        },
        harrier: {
          verifyService: notMeasured,
          scanSent: notMeasured,
          scanBlob: notMeasured,
          curatorOf: () => absentHma.curator,
        },
        hma: absentHma,
        didDocument: () => undefined,
        metricsText: async () => ({ contentType: 'text/plain', text: await metrics.registry.metrics() }),
      },
      logger,
      metrics,
    },
    {
      public: loopback,
      operator: loopback,
      maxSubscribers: 5000,
      slowTimeoutMs: 60_000,
      pingIntervalMs: 30_000,
      closeGraceMs: 2_000,
      rest: testRestOptions,
      hma: testHmaOptions,
    },
  )
  return http.public.url
}

answerCalls({
  open: openPublishing,
  create: (count, inFlight) => publishAtOnce(newUris(count), inFlight, createLabel),
  endJobs: async (count, inFlight) => publishAtOnce(await prepareJobs(count), inFlight, endJob),
  publish: async (count, perSecond) => publishPaced(await prepareJobs(count), perSecond, endJob),
} satisfies HarrierCalls)
