import { effectStates } from '../model/effect.ts'
import type { Did, SubjectUri } from '../model/ids.ts'
import {
  type ComparedEvidence,
  contentOfSubject,
  type EarlierReview,
  type Evidence,
  type EvidenceContent,
  type ReviewDetails,
  type ReviewSummary,
} from '../model/review.ts'
import type { Stores } from '../store/database.ts'

/** What a review is shown with, at most. */
const most = { reports: 100, contents: 100, effects: 200, earlier: 20 } as const

/** Returns everything that is known of a review, for whoever is to judge; undefined when there is none of that number. */
export async function loadReviewDetails(
  stores: Stores,
  src: Did,
  id: number,
): Promise<ReviewDetails | undefined> {
  const review = await stores.reviews.find(id)
  if (!review) return undefined
  const evidence = await stores.evidence.list(id)
  const contentId = contentOfSubject(review.subject)
  return {
    review,
    reports: await stores.reviews.reports(id, most.reports),
    records: await stores.subjectFetches.list(id),
    images: await stores.evidence.images(id),
    evidence: evidence.map(compared),
    contents: await loadContents(stores, evidence, contentId),
    effects: await stores.effects.ofReview(review, effectStates, most.effects),
    labels: contentId === undefined ? await stores.labels.states(src, [review.subject as SubjectUri]) : [],
    quarantine: contentId === undefined ? undefined : await stores.brakes.quarantineOf(contentId),
    decisions: await stores.reviewDecisions.list(id),
    earlier: await loadEarlier(stores, review),
  }
}

function compared(evidence: Evidence): ComparedEvidence {
  const { imageHash, bankHash } = evidence
  if (imageHash === undefined || bankHash === undefined || imageHash.length !== bankHash.length)
    return { ...evidence, difference: undefined }
  const difference = BigInt(`0x${imageHash}`) ^ BigInt(`0x${bankHash}`)
  return { ...evidence, difference: difference.toString(16).padStart(imageHash.length, '0') }
}

async function loadContents(
  { banks, curation, provenance, verdicts }: Stores,
  evidence: readonly Evidence[],
  subject: number | undefined,
): Promise<EvidenceContent[]> {
  const named = evidence.flatMap(({ match, suppressedBy }) => [
    match,
    ...(suppressedBy ? [suppressedBy] : []),
  ])
  const names = new Map(named.map(({ contentId, bank }) => [contentId, bank]))
  const ids = [...new Set([...(subject === undefined ? [] : [subject]), ...names.keys()])].slice(
    0,
    most.contents,
  )
  const settings = await banks.settings()
  const curated = new Map((await curation.findMany(ids)).map((content) => [content.id, content]))
  const origins = await provenance.ofContents(ids)
  const contents: EvidenceContent[] = []
  for (const contentId of ids.sort((a, b) => a - b)) {
    const { id: _, bankId, createdAt: __, hashes = [], ...content } = curated.get(contentId) ?? {}
    const bank = settings.find((known) => known.id === bankId)
    const verdict = await verdicts.find(contentId)
    contents.push({
      contentId,
      bank: bank?.name ?? names.get(contentId) ?? '',
      // What was removed has no hashes left.
      isThere: bank !== undefined && hashes.length > 0,
      content: 'note' in content ? content : undefined,
      provenance: origins.get(contentId),
      verdict: verdict && {
        verdict: verdict.verdict,
        actor: verdict.actor,
        reason: verdict.reason,
        at: verdict.at,
      },
    })
  }
  return contents
}

async function loadEarlier(
  { reviews, reviewDecisions }: Stores,
  { id, subject }: ReviewSummary,
): Promise<EarlierReview[]> {
  const all = await reviews.ofSubject(subject, most.earlier + 1)
  const earlier: EarlierReview[] = []
  for (const review of all.filter((other) => other.id < id).slice(0, most.earlier)) {
    const { state, createdAt, closedAt } = review
    earlier.push({
      id: review.id,
      state,
      createdAt,
      closedAt,
      decisions: await reviewDecisions.list(review.id),
    })
  }
  return earlier
}
