/**
 * The story of one image, from a job to what the network sees of it. Everything else in `src/` is a chapter of this page.
 *
 * A job is run at least once; whatever runs twice is done once: the last step writes only when the job is still open.
 */
import type { Application } from './act/apply.ts'
import { type Decision, decideEffects } from './act/decide.ts'
import { AppError } from './lib/errors.ts'
import { shareOf } from './lib/share.ts'
import type { Effect } from './model/effect.ts'
import type { ImageHash } from './model/hash.ts'
import { type Cid, sha256OfBlobCid } from './model/ids.ts'
import type { ImageRef } from './model/image.ts'
import type { Applied, JobOutcome, ScanJob } from './model/job.ts'
import type { SignedLabel } from './model/label.ts'
import type { Match, PartialFindings } from './model/match.ts'
import type { Policy } from './model/policy.ts'
import { noTimings, type ScanResult } from './model/scan.ts'
import type { Proof } from './store/match-store.ts'

/** The host does not have the blob yet, though a record refers to it; hosts with slow storage catch up. */
export class BlobNotYetThereError extends AppError {
  override readonly name = 'BlobNotYetThereError'
  constructor() {
    super('unavailable', 'Expected the blob of a new record but the host does not have it yet')
  }
}

/** The stages, each behind the function that the story calls. */
export type Stages = {
  readonly scanImage: (image: ImageRef, signal: AbortSignal) => Promise<ScanResult>
  /** `coin` is the place of the image in each bank's share: see `MatchOptions`. */
  readonly matchHashes: (
    hashes: readonly ImageHash[],
    options: { readonly coin: number },
  ) => Promise<PartialFindings>
  /** Returns what was done before, and what brakes there are, as far as it bears on a decision about these matches. */
  readonly loadHistory: (image: ImageRef, matches: readonly Match[]) => Promise<History>
  readonly policy: Policy
  /** The digest of the policy, and how far the indexes have followed the banks. */
  readonly versions: () => Omit<Proof, 'hashes'>
  /** Signs the labels that are to be published at once. */
  readonly signLabels: (effects: readonly Effect[]) => Promise<SignedLabel[]>
  readonly applyEffects: (application: Application) => Promise<Applied>
  /** Tells whoever publishes and sends that there are labels, for subscribers or in the queue, or messages. */
  readonly wakePublishing: (applied: Applied) => void
  readonly now: () => Date
}

/** What a decision looks back on. */
export type History = Pick<Decision, 'history' | 'acted' | 'takenDown' | 'recordBlobs' | 'quarantined'>

/** How often a host may say that it lacks the blob of a record before it is believed. */
const maxAbsences = 3

/**
 * Runs one job to its end and returns everything that came of it.
 * @throws an `AppError` whose `shouldRetry()` tells whether the same job may succeed later; nothing was written then.
 */
export async function runJob(stages: Stages, job: ScanJob, signal: AbortSignal): Promise<JobOutcome> {
  const { image } = job
  const digest = digestOfCid(image.cid)
  // Of the image alone, so that a bank that is matched for some has the same ones again, wherever they are posted.
  const share = { coin: shareOf(digest.value) }
  const known = await stages.matchHashes([digest], share)
  const scan: ScanResult =
    known.matches.length > 0 && known.isSettled
      ? { kind: 'digest-only', hashes: [digest], timings: noTimings }
      : await stages.scanImage(image, signal)
  if (scan.kind === 'unavailable' && scan.reason === 'not-found' && job.attempts < maxAbsences) {
    throw new BlobNotYetThereError()
  }
  const scanned = performance.now()
  const { matches, suppressed } =
    scan.kind === 'hashed' ? await stages.matchHashes(scan.hashes, share) : known
  const matched = performance.now()
  const history = await stages.loadHistory(image, matches)
  const { policy } = stages
  const now = stages.now().toISOString()
  const effects = decideEffects({ image, matches, suppressed, ...history, policy, now })
  const labels = await stages.signLabels(effects)
  const signed = performance.now()
  const proof = { hashes: scan.kind === 'hashed' ? scan.hashes : [digest], ...stages.versions() }
  const applied = await stages.applyEffects({ job, scan, matches, suppressed, proof, effects, labels })
  stages.wakePublishing(applied)
  const timings = {
    ...scan.timings,
    matchMs: matched - scanned,
    signMs: signed - matched,
    applyMs: performance.now() - signed,
  }
  return { ...applied, scan, matches, effects, timings }
}

/** A blob's CID is the SHA-256 of its bytes, so exact matching needs no download. */
function digestOfCid(cid: Cid): ImageHash {
  return { type: 'sha256', value: sha256OfBlobCid(cid), quality: 100 }
}
