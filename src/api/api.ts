/**
 * The front door of what apps ask for over the REST API and over XRPC: hashing, looking up, and what is known of content.
 *
 * Owns: keys and their rates, fetching what a caller names, and putting answers together. Leaves to others: the wire
 * (`http/rest/`), decoding (a hash pool), searching (a matcher), and what a match calls for.
 * Invariants: nothing that a caller sends is kept; a revoked key is refused at once; callers' images wait in the same
 * queue as the stream's, and are refused when it is full.
 *
 * api-keys.ts       what the operator does with keys; api-key-secret.ts what they look like
 * authorize.ts      whether a key is good, and how often
 * take-action.ts    what is done about content; report-content.ts what a user reported
 * verify-webhook.ts whether a webhook is genuine and new; handle-hma-event.ts and
 *                   handle-app-event.ts what it calls for
 * look-up.ts        matches with what the banks hold; content-status.ts what is known of content by its name
 * scan-content.ts   images that are sent or named, hashed and matched in one call
 * service-callers.ts  services that call without a key, by their DID
 */
import { type DownloadOptions, download } from '../lib/download.ts'
import { AppError } from '../lib/errors.ts'
import type { SafeFetch } from '../lib/safe-fetch.ts'
import { shareOf } from '../lib/share.ts'
import type { AuditRow, AuditWanted, ContentStatus, HashedBytes, ServiceHealth } from '../model/api.ts'
import { actorOfCaller, webhookCallerId } from '../model/api-action.ts'
import { type ImageHash, pdqProfiles } from '../model/hash.ts'
import type { HashPlan } from '../model/hash-plan.ts'
import type { Did } from '../model/ids.ts'
import type { Policy } from '../model/policy.ts'
import type { AppEvent, HmaEvent } from '../model/webhook.ts'
import type { Database } from '../store/database.ts'
import { type Authorize, createAuthorize } from './authorize.ts'
import { loadContentStatus } from './content-status.ts'
import { handleAppEvent } from './handle-app-event.ts'
import { handleHmaEvent } from './handle-hma-event.ts'
import { createLookUp, type LookUp, type LookUpDeps } from './look-up.ts'
import { type ReportVerdict, reportContent } from './report-content.ts'
import { createScanContent, type ScanContent, type ScanContentDeps } from './scan-content.ts'
import { createTakeAction, type TakeAction, type TakeActionDeps } from './take-action.ts'
import { createVerifyWebhook, type VerifyWebhook } from './verify-webhook.ts'

/** What the API needs. */
export type ApiDeps<Curator> = {
  readonly database: Database
  /** The labeler. */
  readonly src: Did
  readonly fetch: SafeFetch
  readonly pool: {
    hash(bytes: Uint8Array, plan: HashPlan, signal: AbortSignal): Promise<HashedBytes>
    readonly pending: number
  }
  readonly matcher: LookUpDeps['matcher'] & { readonly size: number }
  /** Which looks at an image are wanted now. */
  readonly plan: () => HashPlan
  readonly metrics: {
    requested(source: 'api'): void
    apiMatched(bank: string): void
    apiActed(type: string): void
    totals(): Promise<ServiceHealth['totals'] & { readonly isConnected: boolean }>
  }
  /** Looking at images for callers: see `ScanContentDeps`. */
  readonly hashBytes: ScanContentDeps['hashBytes']
  readonly scanImage: ScanContentDeps['scanImage']
  readonly policy: Policy
  /** What webhooks are signed with; undefined takes them unsigned. */
  readonly webhookSecret: string | undefined
  readonly publish: TakeActionDeps['publish']
  readonly announce: TakeActionDeps['announce']
  /** Returns what changes banks in the name of an actor. */
  readonly curatorOf: (actor: string) => Curator
  /** Called after a review was opened or joined; must not throw. */
  readonly onReview: () => void
  /** Called after an announced image was queued; must not throw. */
  readonly onImage: () => void
  /** Told of a kind of webhook that is not known. */
  readonly onUnknownEvent: (type: string) => void
  readonly now: () => Date
}

/** What apps ask for. */
export interface Api<Curator> extends LookUp, ScanContent {
  readonly authorize: Authorize
  hash(bytes: Uint8Array, signal: AbortSignal): Promise<HashedBytes>
  fetchImage(url: string, signal: AbortSignal): Promise<Uint8Array>
  contentStatus(contentId: string): Promise<ContentStatus>
  readonly takeAction: TakeAction
  readonly verifyWebhook: VerifyWebhook
  handleAppEvent(event: AppEvent): Promise<void>
  handleHmaEvent(event: HmaEvent): Promise<void>
  /** Does what the policy calls for about content whose image has these hashes. */
  reportContent(keyId: number, contentId: string, hashes: readonly ImageHash[]): Promise<ReportVerdict>
  /** Returns what changes banks in the name of a key. */
  curator(keyId: number): Curator
  audit(wanted: AuditWanted): Promise<{ readonly rows: readonly AuditRow[]; readonly total: number }>
  health(): Promise<ServiceHealth>
}

/** Returns what apps ask for. */
export function createApi<Curator>(deps: ApiDeps<Curator>, limits: DownloadOptions): Api<Curator> {
  const { database, src, fetch, pool, matcher, metrics, now } = deps
  const lookUp = createLookUp({ matcher, curation: database.curation, onMatch: metrics.apiMatched })

  const scanContent = createScanContent({
    database,
    hashBytes: deps.hashBytes,
    scanImage: deps.scanImage,
    lookUp,
    now,
  })

  const takeAction = createTakeAction({
    database,
    publish: deps.publish,
    announce: deps.announce,
    labels: deps.policy.labels,
    onReview: deps.onReview,
    onAction: metrics.apiActed,
    now,
  })

  return {
    authorize: createAuthorize({ apiKeys: database.apiKeys, now }),
    hash(bytes, signal) {
      metrics.requested('api')
      return pool.hash(bytes, { ...deps.plan(), profiles: pdqProfiles, hasSha1: true }, signal)
    },
    fetchImage: async (url, signal) => (await download(fetch, new URL(url), limits, signal)).bytes,
    matchHash(needle, search) {
      metrics.requested('api')
      return lookUp.matchHash(needle, search)
    },
    matchImage: lookUp.matchImage,
    scanSent(...call) {
      metrics.requested('api')
      return scanContent.scanSent(...call)
    },
    scanBlob(...call) {
      metrics.requested('api')
      return scanContent.scanBlob(...call)
    },
    contentStatus: (id) =>
      loadContentStatus({ database, src, match: (hashes) => matcher.match(hashes, {}), now }, id),
    takeAction,
    verifyWebhook: createVerifyWebhook({
      secret: deps.webhookSecret,
      wasProcessed: async (id) =>
        (await database.apiActions.find(webhookCallerId, id)) !== undefined ||
        (await database.announcedImages.has(id)),
      now,
    }),
    handleAppEvent: (event) =>
      handleAppEvent(
        {
          database,
          src,
          publish: deps.publish,
          announce: deps.announce,
          onImage: deps.onImage,
          onUnknown: deps.onUnknownEvent,
          now,
        },
        event,
      ),
    handleHmaEvent: (event) => handleHmaEvent({ takeAction, labels: deps.policy.labels }, event),
    reportContent: async (keyId, contentId, hashes) =>
      reportContent(
        { policy: deps.policy, takeAction },
        keyId,
        contentId,
        await lookUp.matchImage(hashes, { coin: coinOf(hashes) }),
      ),
    curator: (keyId) => deps.curatorOf(actorOfCaller(keyId)),
    audit: (wanted) => database.audit.page(wanted),
    async health() {
      const { isConnected, ...totals } = await metrics.totals()
      return { bankHashes: matcher.size, pendingHashes: pool.pending, isStreaming: isConnected, totals }
    },
  }
}

/** As the pipeline has it: what follows from a bank that acts on some images follows for the same ones here. */
function coinOf(hashes: readonly ImageHash[]): number {
  const digest = hashes.find(({ type }) => type === 'sha256')
  if (!digest) throw new AppError('internal', 'Expected the SHA-256 among the hashes of an image')
  return shareOf(digest.value)
}
