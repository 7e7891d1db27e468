import { type FloodLimits, type Quotas, quotaKinds } from '../model/brake.ts'
import type { ActingKind } from '../model/effect.ts'
import type { Did } from '../model/ids.ts'
import type { ScanJob } from '../model/job.ts'
import type { Findings, Match } from '../model/match.ts'
import { contentSubject } from '../model/review.ts'
import type { MatchRate } from '../store/brake-store.ts'
import type { Stores } from '../store/database.ts'
import type { Proof } from '../store/match-store.ts'
import { openReview } from './carry-out.ts'
import { type Brakes, isFlood, type Weighed } from './decide-holds.ts'

/** Matches beyond the limit that the review of a flood has as its sample. */
const sampleMatches = 20

/** Returns what the brakes say about effects of these matches. Belongs in the transaction that carries them out. */
export async function loadBrakes(
  { brakes }: Pick<Stores, 'brakes'>,
  quotas: Quotas,
  matches: readonly Pick<Match, 'contentId'>[],
  at: string,
): Promise<Brakes> {
  const spent = await brakes.spent(dayOf(at))
  const left = new Map<ActingKind, number>()
  for (const kind of quotaKinds) {
    const quota = quotas[kind]
    if (quota !== undefined) left.set(kind, quota - (spent.get(kind) ?? 0))
  }
  const contentIds = matches.map(({ contentId }) => contentId)
  return {
    isPaused: (await brakes.pause()) !== undefined,
    quarantined: contentIds.length === 0 ? new Set() : await brakes.quarantined(contentIds),
    left,
  }
}

/** Takes note of what was carried out of the day's quotas. */
export async function spend(
  { brakes }: Pick<Stores, 'brakes'>,
  weighed: readonly Weighed[],
  at: string,
): Promise<void> {
  for (const kind of quotaKinds) {
    const effects = weighed.filter(({ effect, hold }) => hold === undefined && effect.kind === kind).length
    if (effects > 0) await brakes.spend(dayOf(at), kind, effects)
  }
}

/**
 * Counts the matches of an image, and puts contents in quarantine that match far above their baseline; the review of one has the
 * first of its matches as a sample. A content that a person has confirmed is believed, however often it matches.
 */
export async function noteFloods(
  stores: Stores,
  { flood, src }: { readonly flood: FloodLimits; readonly src: Did },
  found: Findings & { readonly job: ScanJob; readonly proof: Proof },
  at: string,
): Promise<void> {
  for (const match of found.matches) {
    const rate = await stores.brakes.countMatch(match.contentId, Date.parse(at))
    if (match.opinion === 'confirmed' || !isFlood(rate, flood)) continue
    const known = await stores.brakes.quarantineOf(match.contentId)
    const reviewId = known ? known.reviewId : await quarantine(stores, src, match, rate, at)
    const limit = Math.max(flood.least, flood.factor * rate.baseline)
    if (reviewId !== undefined && rate.recent <= limit + sampleMatches)
      await keepSample(stores, reviewId, match, found, at)
  }
}

/** Begins a quarantine with its review, and returns that: one of each, however often the content matches meanwhile. */
async function quarantine(
  stores: Stores,
  src: Did,
  { bankId, bank, contentId }: Match,
  rate: MatchRate,
  at: string,
): Promise<number> {
  const { id: reviewId } = await openReview(stores, contentSubject(contentId), src, false, at)
  await stores.brakes.quarantine({ contentId, bankId, bank, ...rate, reviewId, begunAt: at })
  const details = { bank, content: contentId, ...rate, review: reviewId }
  await stores.audit.append([{ at, actor: 'harrier', action: 'content.quarantined', subject: bank, details }])
  return reviewId
}

async function keepSample(
  { evidence }: Stores,
  reviewId: number,
  match: Match,
  { job, proof }: { readonly job: ScanJob; readonly proof: Proof },
  at: string,
): Promise<void> {
  const { uri, cid } = job.image
  const findings = { matches: [match], suppressed: [] }
  await evidence.keep(reviewId, { uri, cid, outcome: 'hashed', proof, ...findings }, at)
}

function dayOf(at: string): string {
  return at.slice(0, 10)
}
