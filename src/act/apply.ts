/**
 * Acting's second front door: makes a decision true, all of it or nothing.
 *
 * Owns: what a finished job writes (its end, the image's hashes, its matches, its labels, the evidence of open reviews,
 * the audit rows) and that all of it becomes durable together; jobs that end at the same time share a commit. Leaves to
 * others: the decision (`decide.ts`), the signature, and telling subscribers.
 * Invariants: nothing is written for a job that was cancelled or ended meanwhile; repeating a job publishes nothing
 * twice; every effect leaves an audit row.
 */
import { type Effect, wantedLabelOf } from '../model/effect.ts'
import type { Did } from '../model/ids.ts'
import type { Applied, ScanJob } from '../model/job.ts'
import type { SequencedLabel, SignedLabel } from '../model/label.ts'
import type { Findings } from '../model/match.ts'
import {
  type HashedScan,
  isLasting,
  isSuspicious,
  outcomeOf,
  type ScanResult,
  type UnscannableScan,
} from '../model/scan.ts'
import type { WebhookEvent } from '../model/webhook-event.ts'
import type { AuditEntry } from '../store/audit-store.ts'
import type { Announce, Database, Stores } from '../store/database.ts'

/** A decision with everything that belongs to it. */
export type Application = Findings & {
  readonly job: ScanJob
  readonly scan: ScanResult
  readonly effects: readonly Effect[]
  /** One per effect of kind `label`, signed; none where labels are paced, for they are signed when their turn comes. */
  readonly labels: readonly SignedLabel[]
}

/** What `applyEffects` needs. */
export type ApplyDeps = {
  readonly database: Pick<Database, 'sharedTransaction'>
  /** The labeler. */
  readonly src: Did
  /** True puts labels into the queue of emissions, unsigned, instead of publishing them. */
  readonly isPaced: boolean
  /** Tells those who are to hear of matches and labels. */
  readonly announce: Announce
  readonly now: () => Date
}

/**
 * Returns the function that applies a decision and resolves once that is durable.
 * It rejects with a retryable `StaleLabelError` when another writer labeled the subject since the decision was made.
 */
export function createApplyEffects(deps: ApplyDeps): (application: Application) => Promise<Applied> {
  return (application) => {
    const at = deps.now().toISOString()
    return deps.database.sharedTransaction((stores) => write(stores, deps, application, at))
  }
}

const nothing: Applied = { labels: [], queued: 0, isApplied: false }

async function write(
  stores: Stores,
  deps: ApplyDeps,
  application: Application,
  at: string,
): Promise<Applied> {
  const { job, scan, matches, suppressed, effects, labels } = application
  const findings = { matches, suppressed }
  const state = scan.kind === 'unavailable' && isSuspicious(scan.reason) ? 'dead' : 'done'
  if (!(await stores.jobs.end(job.id, state, outcomeOf(scan), at))) return nothing
  if (isWorthKeeping(scan)) await stores.images.save(job.image.cid, scan, at)
  await stores.matches.append(job.id, findings, at)
  const looked = { image: job.image, outcome: outcomeOf(scan), ...findings }
  const reviews = await stores.evidence.attach(looked, at)
  const published = await stores.labels.append(labels)
  await stores.emissions.forget(deps.src, published)
  const queued = deps.isPaced ? await queueLabels(stores, deps.src, application, at) : 0
  await stores.audit.append([
    ...effects.map((effect) => auditOfEffect(effect, job, at)),
    ...published.map((label) => auditOfLabel(label, job, at)),
    ...reviews.map((review) => auditOfEvidence(review, matches.length, job, at)),
  ])
  await deps.announce(stores, eventsOf(application, published), at)
  return { labels: published, queued, isApplied: true }
}

/** Labels that wait for the budget are told of when they are published. */
function eventsOf({ job, matches }: Application, published: readonly SequencedLabel[]): WebhookEvent[] {
  const { uri: contentId, recordCid, cid: blobCid } = job.image
  const found: WebhookEvent[] =
    matches.length === 0 ? [] : [{ type: 'match_found', contentId, recordCid, blobCid, matches }]
  const labeled = published.map(
    ({ uri, cid, val }): WebhookEvent => ({
      type: 'action_taken',
      contentId: uri,
      recordCid: cid,
      blobCid,
      action: 'label',
      label: val,
      actor: 'harrier',
    }),
  )
  return [...found, ...labeled]
}

async function queueLabels(
  stores: Stores,
  src: Did,
  { job, effects }: Application,
  at: string,
): Promise<number> {
  const origin = { actor: 'harrier', jobId: job.id, atMs: Date.parse(at) }
  let queued = 0
  for (const effect of effects) {
    if (effect.kind !== 'label') continue
    const emission = { ...wantedLabelOf(effect), priority: effect.priority }
    if ((await stores.emissions.put(src, emission, origin)) === 'queued') queued += 1
  }
  return queued
}

function isWorthKeeping(scan: ScanResult): scan is HashedScan | UnscannableScan {
  if (scan.kind === 'hashed') return !scan.isCached
  return scan.kind === 'unscannable' && !scan.isCached && isLasting(scan.reason)
}

function auditOfEffect(effect: Effect, job: ScanJob, at: string): AuditEntry {
  const { match, ...rest } = effect
  const { bankId: _, ...matched } = match
  return {
    at,
    actor: 'harrier',
    action: `effect.${effect.kind}`,
    subject: job.image.uri,
    details: { ...rest, ...matched, job: job.id, blob: job.image.cid },
  }
}

function auditOfLabel({ seq, val, cts, uri }: SequencedLabel, job: ScanJob, at: string): AuditEntry {
  return {
    at,
    actor: 'harrier',
    action: 'label.published',
    subject: uri,
    details: { seq, val, cts, job: job.id },
  }
}

function auditOfEvidence(review: number, matches: number, job: ScanJob, at: string): AuditEntry {
  const details = { review, matches, job: job.id, blob: job.image.cid }
  return { at, actor: 'harrier', action: 'review.evidence-added', subject: job.image.uri, details }
}
