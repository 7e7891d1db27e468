import type { Bank, ContentHash } from '../model/bank.ts'
import type { StoredEffect } from '../model/effect.ts'
import type { SubjectUri } from '../model/ids.ts'
import type { TargetSubject } from '../model/target.ts'
import type { ReviewedContent } from './reviewed.ts'

/** What decisions have others do, each within the decision's own transaction, as who decides. */
export interface DecisionHands {
  label(
    subject: Exclude<TargetSubject, { kind: 'blob' }>,
    val: string,
    reviewId: number,
  ): Promise<StoredEffect[]>
  takeDown(subject: TargetSubject, target: string, reviewId: number): Promise<StoredEffect[]>
  /** Undoes what was done about a subject, or what of it goes back to one content; its matches are judged to be none. */
  takeBack(subject: SubjectUri, contentId: number | undefined): Promise<StoredEffect[]>
  /** Carries out, or drops, an effect that is held; undefined when it is no longer. */
  apply(effectId: number): Promise<StoredEffect | undefined>
  dismiss(effectId: number): Promise<StoredEffect | undefined>
  /** Ends the quarantine of a content; false when it is in none. */
  release(contentId: number): Promise<boolean>
  deconfirm(content: ReviewedContent, reason: string): Promise<void>
  /** Adds hashes to a negative bank. */
  suppress(
    bank: Bank,
    hashes: readonly ContentHash[],
    note: string,
  ): Promise<{ contentId: number; isNew: boolean }>
}
