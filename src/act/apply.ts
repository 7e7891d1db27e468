/**
 * Acting's second front door: makes a decision true, all of it or nothing.
 *
 * Owns: what a finished job writes (its end, the image's hashes, its matches, its effects, the evidence of open reviews,
 * the audit rows) and that all of it becomes durable together; jobs that end at the same time share a commit. Leaves to
 * others: the decision (`decide.ts`), the signature, and telling subscribers and targets.
 * Invariants: nothing is written for a job that was cancelled or ended meanwhile; repeating a job publishes nothing
 * twice; every effect leaves an audit row, and a row by which it can be undone; the brakes are asked in the same transaction.
 *
 * carry-out.ts      one effect
 * braking.ts        what the brakes know, and what they take note of; decide-holds.ts what they hold
 * settle.ts         what a target's answer means for an effect
 * undo.ts           lifting one effect; reverse.ts whatever goes back to a content or a subject
 * orders.ts         what persons ask for (order.ts what that reaches); restore.ts all that stands about a subject
 * follow-up.ts      the loop that carries out what is no longer held, and undoes what lost its cause
 */
import { auditOfFindings } from '../model/audit-of-findings.ts'
import type { FloodLimits, Quotas } from '../model/brake.ts'
import { type ActingEffect, type Effect, type EffectAction, wantedLabelOf } from '../model/effect.ts'
import type { Applied, ScanJob } from '../model/job.ts'
import type { SequencedLabel, SignedLabel } from '../model/label.ts'
import type { Findings, Match } from '../model/match.ts'
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
import type { Database, Stores } from '../store/database.ts'
import type { Proof } from '../store/match-store.ts'
import { loadBrakes, noteFloods, spend } from './braking.ts'
import { addEffect, type CarryOutDeps, openReview } from './carry-out.ts'
import { placeOf } from './decide.ts'
import { decideHolds, type Weighed } from './decide-holds.ts'

/** A decision with everything that belongs to it. */
export type Application = Findings & {
  readonly job: ScanJob
  readonly scan: ScanResult
  readonly proof: Proof
  readonly effects: readonly Effect[]
  /** One per effect of kind `label`, signed; none where labels are paced, for they are signed when their turn comes. */
  readonly labels: readonly SignedLabel[]
}

/** What `applyEffects` needs. */
export type ApplyDeps = CarryOutDeps & {
  readonly database: Pick<Database, 'sharedTransaction'>
  readonly quotas: Quotas
  readonly flood: FloodLimits
  readonly now: () => Date
}

/**
 * Returns the function that applies a decision, and resolves once that is durable. A job that was cancelled or ended meanwhile
 * changes nothing.
 */
export function createApplyEffects(deps: ApplyDeps): (application: Application) => Promise<Applied> {
  return (application) => {
    const at = deps.now().toISOString()
    return deps.database.sharedTransaction((stores) => write(stores, deps, application, at))
  }
}

const nothing: Applied = { labels: [], queued: 0, messages: 0, isApplied: false }

async function write(
  stores: Stores,
  deps: ApplyDeps,
  application: Application,
  at: string,
): Promise<Applied> {
  const { job, scan, matches, suppressed, effects } = application
  const state = scan.kind === 'unavailable' && isSuspicious(scan.reason) ? 'dead' : 'done'
  if (!(await stores.jobs.end(job.id, state, outcomeOf(scan), at))) return nothing
  if (isWorthKeeping(scan)) await stores.images.save(job.image.cid, scan, at)
  if (matches.length + suppressed.length + effects.length === 0) {
    await attachEvidence(stores, application, at)
    return { ...nothing, isApplied: true }
  }
  return await writeFindings(stores, deps, application, at)
}

async function writeFindings(
  stores: Stores,
  deps: ApplyDeps,
  application: Application,
  at: string,
): Promise<Applied> {
  const { job, matches, suppressed, effects, proof } = application
  await stores.matches.append(job, { matches, suppressed }, proof, at)
  await noteFloods(stores, deps, application, at)
  const weighed = decideHolds(effects, await loadBrakes(stores, deps.quotas, matches, at))
  for (const { effect, hold } of weighed) {
    if (hold === 'quota' || (effect.kind === 'review' && hold === undefined))
      await openReview(stores, job.image.uri, job.image.did, false, at)
  }
  const reviews = await attachEvidence(stores, application, at)
  const labels: SequencedLabel[] = []
  let queued = 0
  let messages = 0
  const signed = signedOf(application)
  for (const { effect, hold } of weighed) {
    const wanted = wantedOf(effect, job, at)
    const done = await addEffect(stores, deps, { ...wanted, hold }, signed.get(effect), at)
    labels.push(...done.labels)
    if (done.isQueued) queued += 1
    messages += done.messages
  }
  await spend(stores, weighed, at)
  await reverseLost(stores, matches, at)
  await stores.audit.append([
    ...auditOfFindings(application, {
      at,
      subject: job.image.uri,
      blob: job.image.cid,
      more: { job: job.id },
    }),
    ...effects.map((effect) => auditOfEffect(effect, job, at)),
    ...labels.map((label) => auditOfLabel(label, job, at)),
    ...reviews.map((review) => auditOfEvidence(review, matches.length, job, at)),
  ])
  messages += await deps.announce(stores, eventsOf(application, labels), at)
  await lookAgain(stores, weighed, job, at)
  return { labels, queued, messages, isApplied: true }
}

async function attachEvidence(
  stores: Stores,
  { job, scan, matches, suppressed, proof }: Application,
  at: string,
): Promise<number[]> {
  const looked = { image: job.image, outcome: outcomeOf(scan), matches, suppressed, proof }
  return await stores.evidence.attach(looked, at)
}

/** A content may have gone, or been judged, between the search and this: what was done because of it is undone like the rest. */
async function reverseLost(
  { reversals }: Stores,
  matches: Application['matches'],
  at: string,
): Promise<void> {
  for (const { contentId, because } of await reversals.lost(matches))
    await reversals.add({ contentId, because, actor: 'harrier' }, at)
}

/** Where the same blob was seen before the content was known, it is looked at again, and judged for itself. */
async function lookAgain(
  stores: Stores,
  weighed: readonly Weighed[],
  { image }: ScanJob,
  at: string,
): Promise<void> {
  const acting = weighed.flatMap(({ effect, hold }) =>
    effect.match && hold !== 'flood' ? [effect.match.contentId] : [],
  )
  for (const contentId of new Set(acting)) await stores.jobs.lookAgain(image.cid, contentId, Date.parse(at))
}

function signedOf({ effects, labels }: Application): ReadonlyMap<Effect, SignedLabel> {
  const wanting = effects.filter(({ kind }) => kind === 'label')
  return new Map(labels.map((label, at) => [wanting[at] as Effect, label]))
}

function wantedOf(effect: ActingEffect, { id, image }: ScanJob, at: string) {
  const { did, uri, cid } = image
  return {
    kind: effect.kind,
    ...placeOf(effect, image),
    did,
    uri,
    blobCid: cid,
    action: actionOf(effect, image.uri),
    actor: 'harrier',
    jobId: id,
    cause: effect.match && causeOf(effect.match),
    createdAt: at,
  }
}

function actionOf(effect: ActingEffect, uri: ScanJob['image']['uri']): EffectAction {
  switch (effect.kind) {
    case 'label':
      return { kind: 'label', label: wantedLabelOf(effect), priority: effect.priority }
    case 'report':
      return { kind: 'report', subject: effect.subject, reasonType: effect.reasonType }
    case 'takedown':
      return {
        kind: 'takedown',
        subject: effect.subject,
        ...(effect.match === undefined && { isEverywhere: true as const }),
      }
    case 'review':
      return { kind: 'review', uri, isEscalated: effect.isEscalated }
    case 'webhook':
    default:
      return { kind: 'webhook', uri, match: effect.match }
  }
}

function causeOf({ bankId, bank, contentId, distance }: Match) {
  return { bankId, bank, contentId, distance }
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

function isWorthKeeping(scan: ScanResult): scan is HashedScan | UnscannableScan {
  if (scan.kind === 'hashed') return !scan.isCached
  return scan.kind === 'unscannable' && !scan.isCached && isLasting(scan.reason)
}

function auditOfEffect(effect: Effect, job: ScanJob, at: string): AuditEntry {
  const { match, ...rest } = effect
  const { bankId: _, ...matched } = match ?? {}
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
