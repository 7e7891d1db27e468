import type { ReviewDetails } from '../model/review.ts'
import type { Database } from '../store/database.ts'

/** Leaves an audit row that a person was shown a review, and returns the review; nothing where there is none. */
export async function recordView(
  { audit }: Pick<Database, 'audit'>,
  details: ReviewDetails | undefined,
  viewer: { readonly actor: string; readonly at: string },
): Promise<ReviewDetails | undefined> {
  if (details === undefined) return undefined
  const { id, subject } = details.review
  await audit.append([{ ...viewer, action: 'review.viewed', subject, details: { review: id } }])
  return details
}
