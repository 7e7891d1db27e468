/** HTTP on free ports of the loopback, over services that a test writes out or over a real store. */
import { pino } from 'pino'
import type { HmaOptions } from '../../src/http/hma/roles.ts'
import type { HttpMetrics } from '../../src/http/metrics.ts'
import type { RestOptions } from '../../src/http/rest/rest-services.ts'
import { type Http, type HttpOptions, openHttp } from '../../src/http/server.ts'
import type { Services } from '../../src/http/services.ts'
import { createLabelTail } from '../../src/publish/label-tail.ts'
import type { Database } from '../../src/store/database.ts'

/** HTTP as a test sees it. */
export type TestHttp = Http & {
  /** Every log line so far. */
  readonly lines: Record<string, unknown>[]
  /** Every call of the metrics so far: the name of the method, then its argument. */
  readonly counted: (readonly [keyof HttpMetrics, unknown])[]
}

/** Opens both listeners. Services that a test does not give fail when they are asked. */
export async function openTestHttp(
  services: Partial<Services> = {},
  options: Partial<HttpOptions> = {},
): Promise<TestHttp> {
  const lines: Record<string, unknown>[] = []
  const counted: TestHttp['counted'] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const metrics: HttpMetrics = {
    requestDone: (request) => void counted.push(['requestDone', request]),
    subscribersChanged: (count) => void counted.push(['subscribersChanged', count]),
    labelsSent: (count) => void counted.push(['labelsSent', count]),
    reportDone: (reason, outcome) => void counted.push(['reportDone', { reason, outcome }]),
    subscriptionEnded: (reason) => void counted.push(['subscriptionEnded', reason]),
  }
  const loopback = { host: '127.0.0.1', port: 0 }
  const http = await openHttp(
    { services: { ...absentServices, ...services }, logger, metrics },
    {
      public: loopback,
      operator: loopback,
      maxSubscribers: 100,
      slowTimeoutMs: 10_000,
      pingIntervalMs: 30_000,
      closeGraceMs: 1_000,
      rest: testRestOptions,
      hma: testHmaOptions,
      ...options,
    },
  )
  return { ...http, lines, counted }
}

/** The part of the services that reads labels, and the call that follows a commit. */
export type LabelServices = Pick<Services, 'queryLabels' | 'subscribeLabels' | 'streamFloor' | 'lastSeq'> & {
  readonly wake: () => void
}

/** The label services as `app.ts` has them, over a store. `wake` is to be called after each commit. */
export function labelServices(database: Database, now = '2026-01-01T00:00:00.000Z'): LabelServices {
  const tail = createLabelTail({ labels: database.labels })
  return {
    queryLabels: (wanted) => database.labels.query(wanted, now),
    subscribeLabels: (cursor, signal) => tail.subscribe(cursor, signal),
    streamFloor: () => database.labels.floor(),
    lastSeq: () => database.labels.lastSeq(),
    wake: () => tail.wake(),
  }
}

/** Bounds of the REST API that no test comes near unless it wants to. */
export const testRestOptions: RestOptions = {
  maxImageBytes: 1_000_000,
  bodyTimeoutMs: 10_000,
  answerTimeoutMs: 10_000,
  maxImagesAtOnce: 4,
  maxDistance: 48,
  hasWebhooks: false,
  isLoopbackOpen: false,
}

/** All of the API of Hasher-Matcher-Actioner. */
export const testHmaOptions: HmaOptions = {
  roles: ['hasher', 'matcher', 'curator', 'ui'],
  indexStaleMs: 65_000,
}

/** Every part fails when it is asked, but for the share of each hash type, which is all of it. */
export const absentHma: Services['hma'] = {
  curator: new Proxy({} as Services['hma']['curator'], { get: (_, name) => () => absent(String(name)) }),
  media: new Proxy({} as Services['hma']['media'], { get: (_, name) => () => absent(String(name)) }),
  exchanges: new Proxy({} as Services['hma']['exchanges'], { get: (_, name) => () => absent(String(name)) }),
  indexState: async () => absent('indexState'),
  indexAgeMs: () => absent('indexAgeMs'),
  typeRatio: () => 1,
  distance: () => absent('distance'),
}

const absentServices: Services = {
  version: '9.8.7',
  did: 'did:web:labels.example.com',
  queryLabels: async () => absent('queryLabels'),
  subscribeLabels: () => absent('subscribeLabels'),
  verifyCaller: async () => absent('verifyCaller'),
  fileReport: async () => absent('fileReport'),
  receiveBlob: async () => absent('receiveBlob'),
  streamFloor: async () => 0,
  lastSeq: async () => absent('lastSeq'),
  recordSubscription: () => {},
  pastSubscriptions: async () => absent('pastSubscriptions'),
  now: () => new Date('2026-01-01T00:00:00.000Z'),
  didDocument: () => undefined,
  lookup: async () => absent('lookup'),
  rest: {
    authorize: async () => absent('authorize'),
    hash: async () => absent('hash'),
    fetchImage: async () => absent('fetchImage'),
    matchHash: async () => absent('matchHash'),
    matchImage: async () => absent('matchImage'),
    contentStatus: async () => absent('contentStatus'),
    verifyWebhook: async () => absent('verifyWebhook'),
    handleAppEvent: async () => absent('handleAppEvent'),
    handleHmaEvent: async () => absent('handleHmaEvent'),
    takeAction: async () => absent('takeAction'),
    reportContent: async () => absent('reportContent'),
    curator: () => absent('curator'),
    audit: async () => absent('audit'),
    health: async () => absent('health'),
    pause: {
      load: async () => absent('pause.load'),
      begin: async () => absent('pause.begin'),
      end: async () => absent('pause.end'),
    },
    reviews: {
      list: async () => absent('reviews.list'),
      find: async () => absent('reviews.find'),
      view: async () => absent('reviews.view'),
      decide: async () => absent('reviews.decide'),
      weigh: async () => absent('reviews.weigh'),
    },
    outbox: {
      list: async () => absent('outbox.list'),
      counts: async () => absent('outbox.counts'),
      retry: async () => absent('outbox.retry'),
    },
  },
  harrier: {
    verifyService: async () => absent('verifyService'),
    scanSent: async () => absent('scanSent'),
    scanBlob: async () => absent('scanBlob'),
    curatorOf: () => absent('curatorOf'),
  },
  hma: absentHma,
  metricsText: async () => absent('metricsText'),
}

function absent(name: string): never {
  throw new Error(`Expected the test not to ask for ${name} but it did`)
}
