import type { DidDocument } from '../atproto/did-document.ts'
import type { RateLimitStatus } from '../lib/rate-limit.ts'
import type { HashType } from '../model/hash.ts'
import type { Did } from '../model/ids.ts'
import type { SequencedLabel, StreamedLabel } from '../model/label.ts'
import type { Match } from '../model/match.ts'
import type { NewBlob, ReceivedBlob } from '../model/received-blob.ts'
import type { NewReport, Report } from '../model/report.ts'
import type { PastSubscription } from '../model/subscription.ts'
import type { HmaServices, LookupOptions } from './hma/hma-services.ts'
import type { RestServices } from './rest/rest-services.ts'
import type { HarrierServices } from './xrpc/harrier/harrier-services.ts'

/** Which current labels are wanted. */
export type LabelsWanted = {
  /** Exact subjects, or prefixes that end in `*`; at least one, and any of them may hold. */
  readonly uriPatterns: readonly string[]
  /** Only labels by these DIDs; empty means by anyone. */
  readonly sources: readonly string[]
  /** At most this many, 1 to 250. */
  readonly limit: number
  /** Only labels with a seq above this. */
  readonly after: number
}

/**
 * All that the handlers ask of the rest of Harrier. `app.ts` implements it over the stages and the store; a test
 * implements it over literals. Errors other than an `AppError` are faults: the caller sees an id, the log the rest.
 */
export interface Services {
  /** Harrier's version, for health checks. */
  readonly version: string
  /** The labeler's DID, shown on the front page. */
  readonly did: string
  /** Returns the labels that hold now, in seq order: no negations, nothing superseded or expired. */
  queryLabels(wanted: LabelsWanted): Promise<readonly SequencedLabel[]>
  /**
   * Yields every label above `cursor` in seq order, then each new one, until the signal is aborted; without a cursor,
   * what is published from now on. The next page is asked for only when the last one has been sent.
   * @throws an `AppError` named `FutureCursorError` on the first step, when the cursor is above every seq.
   */
  subscribeLabels(cursor: number | undefined, signal: AbortSignal): AsyncIterable<readonly StreamedLabel[]>
  /** Returns the seq below which labels may be missing from the stream: a subscriber that asks for them is told so. */
  streamFloor(): Promise<number>
  /**
   * Returns the account that calls the method `lxm`, by the call's `Authorization` header; the header is good once.
   * @throws {ServiceAuthError} when it is not good; {RateLimitExceededError} when the account calls too often.
   */
  verifyCaller(authorization: string | undefined, lxm: string): Promise<Did>
  /** Files a report, or returns it as it was filed before; `limits` tells where its reporter and its subject stand. */
  fileReport(
    report: NewReport,
  ): Promise<{ readonly report: Report; readonly limits: readonly RateLimitStatus[] }>
  /**
   * Looks at a picture that was sent to us; resolves once all that follows from it is durable.
   * @throws an `AppError` that may be retried when one that was not reported could not be looked at.
   */
  receiveBlob(blob: NewBlob): Promise<ReceivedBlob>
  /** Returns the newest seq ever given, or 0: where a subscriber that is up to date stands. */
  lastSeq(): Promise<number>
  /** Remembers a subscription that has ended. Does not wait for that. */
  recordSubscription(ended: PastSubscription): void
  /** Returns subscriptions that have ended, newest first, up to `limit`. */
  pastSubscriptions(limit: number): Promise<readonly PastSubscription[]>
  readonly now: () => Date
  /** The labeler's DID document when it is a `did:web`; otherwise undefined, for the PLC directory serves it. */
  didDocument(): DidDocument | undefined
  /**
   * Returns what the enabled banks, or those of the names given, hold within their thresholds of a hash in lower-case hex;
   * each content once, nearest first, then by content.
   */
  lookup(
    needle: { readonly type: HashType; readonly value: string },
    options: LookupOptions,
  ): Promise<readonly Match[]>
  /** What apps ask for, each with a key. */
  readonly rest: RestServices
  /** What callers of Harrier's own XRPC methods ask for beside that. */
  readonly harrier: HarrierServices
  /** What the HTTP API of Hasher-Matcher-Actioner asks for. */
  readonly hma: HmaServices
  /** Returns the metrics in the Prometheus text format, with the content type that says which version of it. */
  metricsText(): Promise<{ readonly contentType: string; readonly text: string }>
}
