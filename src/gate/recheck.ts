import { backoffMs } from '../lib/backoff.ts'
import { createDeadline } from '../lib/deadline.ts'
import { AppError, messageOf, shouldRetry } from '../lib/errors.ts'
import type { Log } from '../lib/logger.ts'
import { createWorkLoop, type WorkLoop } from '../lib/work-loop.ts'
import type { AtUri, Cid, Did } from '../model/ids.ts'
import type { ImageRef } from '../model/image.ts'
import type { UnavailableReason } from '../model/scan.ts'
import type { UploadRecheck } from '../model/upload.ts'

/** Some records of an account as its host has them, the newest first, or why the host does not give them. */
type ListedRecords =
  | {
      readonly kind: 'records'
      readonly records: readonly { readonly uri: AtUri; readonly cid: Cid; readonly record: unknown }[]
    }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason }

/** What looking for uploads needs. */
export type RecheckDeps = {
  readonly claim: (now: number, limit: number, busy: readonly Did[]) => Promise<readonly UploadRecheck[]>
  readonly retry: (id: number, outcome: string, runAfter: number) => Promise<void>
  readonly end: (id: number, state: 'done' | 'dead', outcome: string, doneAt: string) => Promise<void>
  /** Ends an upload and hands its images to the pipeline, ahead of the stream's, in one transaction. */
  readonly handOver: (id: number, images: readonly ImageRef[], at: Date) => Promise<void>
  /** Returns the newest records of one collection. */
  readonly listRecords: (did: Did, collection: string, signal: AbortSignal) => Promise<ListedRecords>
  readonly extractImages: (version: {
    readonly did: Did
    readonly uri: AtUri
    readonly recordCid: Cid
    readonly record: unknown
  }) => readonly ImageRef[]
  readonly logger: Log
  readonly now: () => Date
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number
}

/** How uploads are looked for. Milliseconds. */
export type RecheckOptions = {
  readonly atOnce: number
  readonly pollMs: number
  /** The longest that one look may take. */
  readonly timeoutMs: number
  readonly maxAttempts: number
  readonly retryBaseMs: number
  readonly retryMaxMs: number
}

/** Where uploads are shown: what a picture is uploaded for, as a rule, within minutes. */
const collections = ['app.bsky.feed.post', 'app.bsky.actor.profile']

/**
 * Returns the loop that looks for the records that show what the gate passed without a verdict; starts nothing. A PDS gives
 * a blob to nobody before a record refers to it, so the record is what is waited for; from there on its image is a job like
 * any other. Without a record within the attempts, the upload is over: nobody can see it.
 */
export function createRecheck(deps: RecheckDeps, options: RecheckOptions): WorkLoop {
  return createWorkLoop<UploadRecheck, Did>({
    claim: (limit, busy) => deps.claim(deps.now().getTime(), limit, busy),
    keyOf: ({ did }) => did,
    work: (upload, ending) => attempt(deps, options, upload, ending),
    atOnce: options.atOnce,
    pollMs: options.pollMs,
  })
}

async function attempt(
  deps: RecheckDeps,
  options: RecheckOptions,
  upload: UploadRecheck,
  ending: AbortSignal,
): Promise<void> {
  const outcome = await lookFor(deps, upload, createDeadline(options.timeoutMs, ending))
  // It is as it was, but for the attempt: the next start looks again.
  if (ending.aborted && typeof outcome === 'string') return
  const at = deps.now()
  const tell = (result: string): void =>
    deps.logger.info(
      { did: upload.did, reason: upload.reason, outcome: result, attempts: upload.attempts },
      'upload.rechecked',
    )
  if (typeof outcome !== 'string') {
    await deps.handOver(upload.id, outcome, at)
    tell('queued')
  } else if (upload.attempts < options.maxAttempts) {
    const { retryBaseMs: baseMs, retryMaxMs: maxMs } = options
    const waitMs = backoffMs(upload.attempts, { baseMs, maxMs }, deps.random())
    await deps.retry(upload.id, outcome, at.getTime() + waitMs)
  } else {
    await deps.end(upload.id, outcome === 'no-record' ? 'done' : 'dead', outcome, at.toISOString())
    tell(outcome)
  }
}

/** Returns the images that show the blob, or in a word why there are none yet. */
async function lookFor(
  deps: RecheckDeps,
  { did, cid }: UploadRecheck,
  signal: AbortSignal,
): Promise<readonly ImageRef[] | string> {
  try {
    const found: ImageRef[] = []
    for (const collection of collections) {
      const listed = await deps.listRecords(did, collection, signal)
      if (listed.kind === 'unavailable') return `unavailable:${listed.reason}`
      for (const { uri, cid: recordCid, record } of listed.records) {
        const images = deps.extractImages({ did, uri, recordCid, record })
        found.push(...images.filter((image) => image.cid === cid))
      }
    }
    return found.length > 0 ? found : 'no-record'
  } catch (error) {
    if (signal.aborted || shouldRetry(error) || error instanceof AppError) return messageOf(error)
    throw error
  }
}
