/**
 * The composition root: opens what Harrier owns, wires the stages in the order of the flow, and starts them in reverse.
 * It holds no logic of its own and is one function, long as the list of parts is: what is more than a part of that list has a
 * file (`app-acting.ts`, `app-apis.ts`, `app-exchanges.ts`, `app-gauges.ts`, `app-reports.ts`, `app-outbox.ts`, `upload-gate.ts`). `tools.ts` is its small sister for the operator's commands.
 */
import { createActing } from './app-acting.ts'
import { createApis } from './app-apis.ts'
import { createExchangePart } from './app-exchanges.ts'
import { createGauges } from './app-gauges.ts'
import { httpOptions, streamOptions } from './app-options.ts'
import { createAnnounceOf, createOutboxPart } from './app-outbox.ts'
import { createReports } from './app-reports.ts'
import { createDidDocument } from './atproto/did-document.ts'
import { createIdentityResolver } from './atproto/identity.ts'
import type { Secrets } from './config/config.ts'
import type { Config } from './config/settings.ts'
import { createBankFollower } from './follow-banks.ts'
import { openDoors } from './http/doors.ts'
import { openHttp } from './http/server.ts'
import type { Services } from './http/services.ts'
import { createStartingApp } from './http/starting-app.ts'
import { createIngest, jetstreamCursor } from './ingest/ingest.ts'
import { openJetstreamSource } from './ingest/jetstream.ts'
import { createJobLog } from './job-log.ts'
import { createLogger } from './lib/logger.ts'
import { startTask } from './lib/task.ts'
import { openMatcher } from './match/match.ts'
import { createMetrics } from './metrics.ts'
import { serviceParts } from './model/readiness.ts'
import { runJob, type Stages } from './pipeline.ts'
import { createEmitter } from './publish/emitter.ts'
import { createLabelTail } from './publish/label-tail.ts'
import { renewLabels } from './publish/renew-labels.ts'
import { rotateKeyTimes, settleKeyChanges } from './publish/rotate-key.ts'
import { createServedLabels } from './publish/served-labels.ts'
import { createSignLabels } from './publish/sign-labels.ts'
import { createSubscriptionRecord } from './publish/subscription-record.ts'
import {
  hashPlanOf,
  hashPoolOptions,
  type Notice,
  openLabelKeyDocument,
  openResources,
  openSafeFetch,
} from './resources.ts'
import { openHashPool } from './scan/hash-pool.ts'
import { createScanImage } from './scan/scan.ts'
import { pruneEnded } from './store/prune-ended.ts'
import { watchChanges } from './store/watch-changes.ts'
import { createUploadRecheck, openUploadGate } from './upload-gate.ts'
import { userAgent, version } from './version.ts'
import { createWorker, type JobObserver } from './worker.ts'
import { realWorld, type World } from './world.ts'

export type { JobObserver } from './worker.ts'

/** A running service. Disposal stops the intake, lets running jobs finish, closes the listeners, then the store. */
export interface App extends AsyncDisposable {
  /** Where the listeners are reached on this machine, such as `http://127.0.0.1:3000`. */
  readonly publicUrl: string
  readonly operatorUrl: string
  /** The upload gate's; undefined where the service has none. */
  readonly gateUrl: string | undefined
  /** The labeler's DID. */
  readonly did: string
  /** What is left to its default and matters. */
  readonly notices: readonly Notice[]
  /** Rejects when something that Harrier owns fails: the process should end. Never resolves. */
  readonly failure: Promise<never>
}

/** What a caller may bring along. */
export type AppOptions = {
  /** Hears of every job, after the log. */
  readonly observer?: JobObserver
  readonly world?: World
  readonly logger?: ReturnType<typeof createLogger>
}

const changePollMs = 50

/** Opens the service; when it resolves, the listeners answer and the stream is being read. */
export async function openApp(config: Config, secrets: Secrets, options: AppOptions = {}): Promise<App> {
  const { world = realWorld, logger = createLogger(config.logLevel) } = options
  await using opening = new AsyncDisposableStack()
  const listening = httpOptions(config, secrets)
  const metrics = createMetrics()
  // Closed with what is served behind them, which is opened last; here only where the start fails.
  const doors = opening.use(
    await openDoors(listening, serviceParts, { operator: createStartingApp({ logger, metrics }) }),
  )

  const { database, keyring, keyFolder, src, policy, policyVersion, notices } = await openResources(
    config,
    secrets,
    { opener: 'service', now: world.now },
  )
  opening.use(database)
  doors.ready('database')
  const pool = opening.use(openHashPool(hashPoolOptions(config)))
  const poolIsReady = pool.prepare()
  const fetch = openSafeFetch(config, { userAgent, fetch: world.fetch })

  const identity = createIdentityResolver({
    store: database.dids,
    fetch,
    plcUrl: config.plcUrl,
    timeoutMs: config.fetchTimeoutMs,
    now: () => world.now().getTime(),
  })
  // With millions of hashes this takes some seconds.
  logger.info({}, 'match.loading')
  const matcher = opening.use(await openMatcher(database))
  const freshness = createBankFollower(matcher, database, world)
  doors.ready('index')
  const hashing = { loadScan: database.images.load, plan: () => hashPlanOf(config, matcher), pool }
  const scanImage = createScanImage(
    { ...hashing, resolvePds: identity.resolvePds, fetch },
    {
      maxBlobBytes: config.maxBlobBytes,
      timeoutMs: config.fetchTimeoutMs,
      idleTimeoutMs: config.fetchTimeoutMs / 2,
      maxPerHost: config.fetchesPerHost,
    },
  )
  await poolIsReady
  doors.ready('hashing pool')
  const parts = { config, secrets, policy, src, database, metrics, logger, world }
  const announce = createAnnounceOf(config, secrets, src)
  const isPaced = Object.keys(config.emissionBudget).length > 0
  const signing = {
    key: () => keyring.current,
    src,
    declaredVals: new Set(policy.labels),
    now: world.now,
  }
  const served = createServedLabels({ database, keyOf: keyring.keyOf })
  const tail = createLabelTail({ labels: served })
  const emitter = createEmitter({
    ...signing,
    database,
    announce,
    limits: config.emissionBudget,
    onEmitted: (labels) => {
      metrics.labelsEmitted(labels.length)
      tail.wake()
    },
  })
  const { targets, outbox } = createOutboxPart({
    ...parts,
    ...signing,
    identity,
    isPaced,
    announce,
    onLabels: () => wakePublishing(),
  })
  const wakePublishing = () => {
    tail.wake()
    emitter.wake()
    outbox.wake()
  }
  const subscriptions = createSubscriptionRecord({ database, now: world.now })

  const versions = () => ({ policy: policyVersion, banks: matcher.version })
  const { followUp, onOrder, ...acting } = createActing({
    ...parts,
    targets,
    announce,
    onChange: wakePublishing,
  })
  const stages: Stages = {
    scanImage,
    matchHashes: matcher.examine,
    policy,
    versions,
    signLabels: isPaced ? async () => [] : createSignLabels(signing),
    ...acting,
    wakePublishing({ labels, queued, messages }) {
      if (labels.length > 0) tail.wake()
      if (queued > 0) emitter.wake()
      if (messages > 0) outbox.wake()
    },
    now: world.now,
  }
  const worker = createWorker(
    {
      database,
      runJob: (job, signal) => runJob(stages, job, signal),
      observers: [createJobLog(logger, metrics, world.now), ...(options.observer ? [options.observer] : [])],
      matchingIsFrom: () => world.now().getTime() - freshness.ageMs(),
      now: world.now,
      random: world.random,
    },
    config,
  )

  const { fetchSubjects, verifyCaller, fileReport, receiveBlob } = createReports({
    ...parts,
    identity,
    fetch,
    hashing,
    matchHashes: matcher.examine,
    versions,
    onJobs: worker.wake,
  })
  metrics.watch(createGauges({ ...parts, worker, pool, matcher, emitter, outbox }))

  const onBankChange = freshness.follow
  const { credentials, sync } = createExchangePart({ config, database, logger, world, onBankChange })
  const { announcedImages, ...apis } = createApis({
    ...parts,
    identity,
    pool,
    scanImage,
    matcher,
    fetch,
    signing,
    isPaced,
    announce,
    targets,
    onOrder,
    wakePublishing,
    onReview: fetchSubjects.wake,
    onBankChange,
    indexAgeMs: freshness.ageMs,
    credentials,
    onExchangeDue: sync.wake,
  })
  const services: Services = {
    version,
    did: src,
    queryLabels: (wanted) => served.query(wanted, world.now().toISOString()),
    subscribeLabels: (cursor, signal) => tail.subscribe(cursor, signal),
    verifyCaller,
    fileReport,
    receiveBlob,
    streamFloor: () => database.labels.floor(),
    lastSeq: () => database.labels.lastSeq(),
    recordSubscription: subscriptions.add,
    pastSubscriptions: subscriptions.list,
    now: world.now,
    didDocument: () => (src.startsWith('did:web:') ? documentOf(http.public.url) : undefined),
    lookup: matcher.lookup,
    ...apis,
    metricsText: async () => ({
      contentType: metrics.registry.contentType,
      text: await metrics.registry.metrics(),
    }),
  }
  const documentOf = (url: string) =>
    createDidDocument({
      did: src,
      publicKeyMultibase: keyring.current.publicKeyMultibase(),
      endpoint: config.publicUrl ?? url,
    })
  // Before the listeners, and so closed after them: subscriptions end when those close.
  const recording = opening.use(startTask(subscriptions.run))
  const http = opening.use(await openHttp({ services, logger, metrics }, listening, doors))
  subscriptions.watch(http.subscribers)
  metrics.watchSubscribers(http.subscribers, database.labels.lastSeq)

  const logKey = () => {
    const { name: signer, passedOver } = keyring.current.signer
    logger.info({ key: keyring.current.did(), signer, passedOver }, 'key.opened')
  }
  const onChange = async () => {
    if (await keyring.refresh()) logKey()
    await freshness.follow()
    wakePublishing()
    followUp.wake()
    worker.wake()
  }
  const watching = opening.use(
    startTask((signal) => watchChanges(database, onChange, changePollMs, signal, freshness.confirm)),
  )
  const pruning = [database.jobs, database.outbox].map((ended) =>
    opening.use(startTask((signal) => pruneEnded(ended, config.jobRetentionDays, world.now, signal))),
  )
  const document = openLabelKeyDocument(config, fetch)
  const change = { database, folder: keyFolder, src, document, now: world.now, times: rotateKeyTimes }
  const settling = opening.use(startTask((signal) => settleKeyChanges(change, onChange, signal)))
  const onRenewed = (labels: number) => logger.info({ labels }, 'labels.renewed')
  const renewing = opening.use(startTask((signal) => renewLabels(served, onRenewed, signal)))
  const recheck = createUploadRecheck({
    ...parts,
    fetch,
    resolvePds: identity.resolvePds,
    onJobs: worker.wake,
  })
  const loops = [emitter, sync, outbox, followUp, announcedImages, worker, fetchSubjects, recheck]
  const running = loops.map(({ run }) => opening.use(startTask(run)))
  const source = opening.use(
    openJetstreamSource(
      { metrics, logger },
      streamOptions(config, await database.cursors.load(jetstreamCursor)),
    ),
  )
  const ingest = createIngest(
    { source, database, metrics, logger, now: () => world.now().getTime(), onJobs: worker.wake },
    { maxEvents: config.ingestBatch, lingerMs: 3, maxBlobsPerRecord: config.maxBlobsPerRecord },
  )
  const reading = opening.use(startTask(ingest.run))

  const gateParts = { config, database, matcher: () => matcher, policy, metrics, logger, world }
  const gate = config.gateInService ? opening.use(await openUploadGate(gateParts)) : undefined

  logKey()
  logger.info({ version, did: src, public: http.public.url, operator: http.operator.url }, 'app.started')
  const open = opening.move()
  return {
    publicUrl: http.public.url,
    operatorUrl: http.operator.url,
    gateUrl: gate?.url,
    did: src,
    notices,
    failure: Promise.race(
      [matcher, recording, watching, ...pruning, settling, renewing, ...running, reading, gate ?? []]
        .flat()
        .map((part) => part.failure),
    ),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
