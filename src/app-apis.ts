/**
 * The part of `app.ts` that is asked over HTTP by other programs: the REST API, Harrier's own XRPC methods, and the API of
 * Hasher-Matcher-Actioner.
 */
import { createOrders, type Orders } from './act/orders.ts'
import { createApi } from './api/api.ts'
import { createMessageHooks } from './app-outbox.ts'
import { createReviewing } from './app-reviews.ts'
import type { IdentityResolver } from './atproto/identity.ts'
import { recordView } from './audit/record-view.ts'
import type { Secrets } from './config/config.ts'
import type { Config } from './config/settings.ts'
import { createCurator } from './curate/curator.ts'
import type { Credentials } from './exchange/credentials.ts'
import { createHarrierServices } from './harrier-services.ts'
import { createHmaServices } from './hma-services.ts'
import type { Services } from './http/services.ts'
import type { Log } from './lib/logger.ts'
import type { SafeFetch } from './lib/safe-fetch.ts'
import type { WorkLoop } from './lib/work-loop.ts'
import type { Matcher } from './match/match.ts'
import type { Metrics } from './metrics.ts'
import { actorOfCaller } from './model/api-action.ts'
import type { Emission } from './model/emission.ts'
import { pdqProfiles } from './model/hash.ts'
import type { Did } from './model/ids.ts'
import type { Policy } from './model/policy.ts'
import type { TargetFacts } from './model/target.ts'
import { createOutboxDesk } from './outbox/outbox-desk.ts'
import { createPublishRequest } from './publish/publish-request.ts'
import type { SignLabelsDeps } from './publish/sign-labels.ts'
import { createAnnouncedImages } from './receive/announced-images.ts'
import { hashPlanOf, openSafeFetch } from './resources.ts'
import { loadReviewDetails } from './review/load-review-details.ts'
import { createHashBytes } from './scan/hash-bytes.ts'
import type { HashPool } from './scan/hash-pool.ts'
import type { ScanImage } from './scan/scan.ts'
import type { Announce, Database } from './store/database.ts'
import { userAgent } from './version.ts'
import type { World } from './world.ts'

/** What the APIs are made of. */
export type ApisDeps = {
  readonly config: Config
  readonly secrets: Secrets
  readonly policy: Policy
  /** The labeler. */
  readonly src: Did
  readonly database: Database
  readonly identity: IdentityResolver
  readonly pool: HashPool
  /** Looks at a blob of an account, as the pipeline does. */
  readonly scanImage: ScanImage
  readonly matcher: Matcher
  readonly fetch: SafeFetch
  readonly metrics: Metrics
  readonly logger: Log
  readonly world: World
  readonly signing: SignLabelsDeps
  /** True where labels wait for the emission budget. */
  readonly isPaced: boolean
  /** Tells those who are to hear of what is done. */
  readonly announce: Announce
  /** The targets that the operator has named. */
  readonly targets: readonly TargetFacts[]
  /** Called after a person has changed what is held, or is to be undone; must not throw. */
  readonly onOrder: () => void
  /** Called after labels were published, or are to be. */
  readonly wakePublishing: () => void
  /** Called after a review was opened or joined. */
  readonly onReview: () => void
  /** Resolves when matching has taken in what changed. */
  readonly onBankChange: () => Promise<void>
  /** Milliseconds for which matching may have missed a change of the banks. */
  readonly indexAgeMs: () => number
  readonly credentials: Credentials
  /** Called when there may be something to fetch of an exchange. */
  readonly onExchangeDue: () => void
}

/** The services of the APIs, and the loop that looks at images that apps announce. */
export type Apis = Pick<Services, 'rest' | 'harrier' | 'hma'> & { readonly announcedImages: WorkLoop }

/** Returns the services of the APIs. */
export function createApis(deps: ApisDeps): Apis {
  const { config, secrets, policy, src, database, pool, matcher, fetch, metrics, logger, world } = deps
  const { signing, isPaced, announce } = deps
  const plan = () => hashPlanOf(config, matcher)
  const curatorOf = (actor: string) =>
    createCurator({ database, actor, now: world.now, onChange: deps.onBankChange })
  const publish = async (label: Emission, actor: string): Promise<void> => {
    await createPublishRequest({ ...signing, database, isPaced, actor, announce })(label)
    deps.wakePublishing()
  }
  const api = createApi(
    {
      database,
      src,
      fetch,
      pool,
      matcher,
      plan,
      hashBytes: createHashBytes({
        loadScan: database.images.load,
        plan: () => ({ ...plan(), profiles: pdqProfiles, hasSha1: true }),
        pool,
      }),
      scanImage: deps.scanImage,
      metrics,
      policy,
      webhookSecret: secrets.webhookSecret,
      publish,
      announce,
      curatorOf,
      onReview: deps.onReview,
      onImage: () => announcedImages.wake(),
      onUnknownEvent: (event) => logger.warn({ event }, 'webhook.unknown'),
      now: world.now,
    },
    {
      maxBytes: config.maxBlobBytes,
      timeoutMs: config.fetchTimeoutMs,
      idleTimeoutMs: config.fetchTimeoutMs / 2,
    },
  )
  const announcedImages = createAnnouncedImages(
    {
      database,
      src,
      policy,
      fetchImage: api.fetchImage,
      hashBytes: createHashBytes({ loadScan: database.images.load, plan, pool }),
      matchHashes: matcher.examine,
      publish,
      takeAction: api.takeAction,
      announce,
      logger,
      now: world.now,
      random: world.random,
    },
    { ...config, atOnce: 4, timeoutMs: config.fetchTimeoutMs + config.hashTimeoutMs * 2 },
  )
  const { decide, weigh } = createReviewing({
    database,
    src,
    policy,
    announce,
    targets: deps.targets,
    now: world.now,
    onChange: deps.onOrder,
  })
  return {
    announcedImages,
    rest: {
      ...api,
      pause: createPauseServices(database, (actor) =>
        createOrders({ ...deps, actor, now: world.now, onChange: deps.onOrder }),
      ),
      reviews: {
        list: database.reviews.list,
        find: (id) => database.reviews.find(id),
        view: async (id, keyId) =>
          recordView(database, await loadReviewDetails(database, src, id), {
            actor: actorOfCaller(keyId),
            at: world.now().toISOString(),
          }),
        decide,
        weigh,
      },
      outbox: createOutboxDesk({
        database,
        now: world.now,
        onRetry: deps.wakePublishing,
        kinds: ['webhook'],
        ...createMessageHooks(announce, world.now),
      }),
    },
    harrier: createHarrierServices({ ...deps, api, curatorOf, now: world.now }, config),
    hma: createHmaServices(
      {
        database,
        matcher,
        pool,
        fetch: openSafeFetch(config, { userAgent, fetch: world.fetch, allowsPlainHttp: true }),
        now: world.now,
        onChange: deps.onBankChange,
        indexAgeMs: deps.indexAgeMs,
        credentials: deps.credentials,
        onExchangeDue: deps.onExchangeDue,
      },
      config,
    ),
  }
}

function createPauseServices(
  { brakes, effects }: Pick<Database, 'brakes' | 'effects'>,
  ordersOf: (actor: string) => Pick<Orders, 'pause' | 'resume'>,
): Services['rest']['pause'] {
  return {
    load: async () => ({
      pause: await brakes.pause(),
      held: {
        paused: await effects.countHeld('paused'),
        quota: await effects.countHeld('quota'),
        flood: await effects.countHeld('flood'),
      },
    }),
    begin: async (keyId, reason) => void (await ordersOf(actorOfCaller(keyId)).pause(reason)),
    end: async (keyId) => void (await ordersOf(actorOfCaller(keyId)).resume()),
  }
}
