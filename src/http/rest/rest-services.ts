import type { RateLimitStatus } from '../../lib/rate-limit.ts'
import type {
  ApiNeedle,
  ApiSearch,
  AuditRow,
  AuditWanted,
  ContentStatus,
  FoundContent,
  HashedBytes,
  ServiceHealth,
} from '../../model/api.ts'
import type { ApiAction, ApiActionRequest } from '../../model/api-action.ts'
import type { ApiKey } from '../../model/api-key.ts'
import type { Pause } from '../../model/brake.ts'
import type { HoldReason } from '../../model/effect.ts'
import type { ImageHash } from '../../model/hash.ts'
import type { OutboxMessage, OutboxState, OutboxWanted } from '../../model/outbox.ts'
import type { ReviewDetails, ReviewSummary, ReviewsWanted } from '../../model/review.ts'
import type { Decided, DecisionRequest, Reviewer } from '../../model/review-decision.ts'
import type { AppEvent, Delivery, HmaEvent } from '../../model/webhook.ts'
import type { CuratorServices } from '../curator-services.ts'

/** All that the REST API asks of the rest of Harrier, in model words. */
export interface RestServices {
  /**
   * Returns the key of a secret, having counted the request, and where the key stands.
   * @throws {AppError} `unauthenticated` for an unknown or revoked one; {RateLimitExceededError}.
   */
  authorize(secret: string): Promise<{ readonly key: ApiKey; readonly limit: RateLimitStatus }>
  /** Hashes one image in a confined process. @throws an `AppError` that may be retried, or the signal's reason. */
  hash(bytes: Uint8Array, signal: AbortSignal): Promise<HashedBytes>
  /**
   * Returns the bytes at a public https address, bounded in size and time.
   * @throws {AppError} `forbidden` where it may not be asked; `too-large`; `upstream` or `timeout` when it does not answer.
   */
  fetchImage(url: string, signal: AbortSignal): Promise<Uint8Array>
  /** Returns the content that a hash matches, nearest first. */
  matchHash(needle: ApiNeedle, search: ApiSearch): Promise<readonly FoundContent[]>
  /** Returns the content that an image matches by any of its hashes, nearest first. */
  matchImage(hashes: readonly ImageHash[], search: ApiSearch): Promise<readonly FoundContent[]>
  contentStatus(contentId: string): Promise<ContentStatus>
  /** Does something about content, once for each id of an action. @throws {AppError} `conflict` or `invalid`. */
  takeAction(keyId: number, request: ApiActionRequest): Promise<ApiAction>
  /** Returns what a delivery is called. @throws {AppError} `unauthenticated`, or `conflict` when it was processed before. */
  verifyWebhook(delivery: Delivery): Promise<string>
  /** Takes in what an app tells, once for each delivery. @throws {AppError} `conflict` when it was processed before. */
  handleAppEvent(event: AppEvent): Promise<void>
  /** Does what an event calls for, once for each delivery. */
  handleHmaEvent(event: HmaEvent): Promise<void>
  /** Does what the policy calls for about content whose image has these hashes, and returns what that is. */
  reportContent(
    keyId: number,
    contentId: string,
    hashes: readonly ImageHash[],
  ): Promise<'takedown' | 'review' | 'none'>
  /** Returns the banks and the changing of them, for which the audit names the key. */
  curator(keyId: number): CuratorServices
  /** Returns a page of the audit log, newest first, and how many rows there are in all. */
  audit(wanted: AuditWanted): Promise<{ readonly rows: readonly AuditRow[]; readonly total: number }>
  health(): Promise<ServiceHealth>
  /** Whether effects are paused, and pausing them in the name of a key. */
  readonly pause: {
    load(): Promise<{
      readonly pause: Pause | undefined
      readonly held: Readonly<Record<HoldReason, number>>
    }>
    /** Changes nothing where they are paused already. */
    begin(keyId: number, reason: string): Promise<void>
    end(keyId: number): Promise<void>
  }
  /** What waits for persons. */
  readonly reviews: {
    /** Returns reviews: those with matches first, nearest first, then the oldest. */
    list(wanted: ReviewsWanted): Promise<readonly ReviewSummary[]>
    find(id: number): Promise<ReviewSummary | undefined>
    /** Returns everything that is known of a review, and leaves a row in the audit that the key was shown it. */
    view(id: number, keyId: number): Promise<ReviewDetails | undefined>
    /** Decides about a review. @throws {AppError} `invalid` or `conflict`. */
    decide(id: number, request: DecisionRequest, reviewer: Reviewer): Promise<Decided>
    /** Returns what `decide` would do, and does nothing. */
    weigh(id: number, request: DecisionRequest, reviewer: Reviewer): Promise<Decided>
  }
  /** What is sent to others. */
  readonly outbox: {
    /** Returns messages, the newest first. */
    list(wanted: OutboxWanted): Promise<readonly OutboxMessage[]>
    /** Returns how many messages are in each state. */
    counts(): Promise<Readonly<Record<OutboxState, number>>>
    /** Has a message sent now, one that has ended again; false when there is none such. */
    retry(id: number, actor: string): Promise<boolean>
  }
}

/** Limits of the REST API. */
export type RestOptions = {
  /** Bytes of an image that is taken. */
  readonly maxImageBytes: number
  /** The longest that a body may take to arrive, in milliseconds. */
  readonly bodyTimeoutMs: number
  /** The longest that an answer may take to make, in milliseconds. */
  readonly answerTimeoutMs: number
  /** Images that are held in memory at once; one more is refused with 503. */
  readonly maxImagesAtOnce: number
  /** The farthest PDQ distance that a threshold can ask for, in bits. */
  readonly maxDistance: number
  /** True serves the routes of webhooks. */
  readonly hasWebhooks: boolean
  /** True lets callers on this machine in without a key; for development. */
  readonly isLoopbackOpen: boolean
}
