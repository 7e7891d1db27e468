import { effectKey, type StoredEffect } from '../model/effect.ts'
import type { AtUri, Cid, SubjectUri } from '../model/ids.ts'
import type { Policy } from '../model/policy.ts'
import type { Database, Stores } from '../store/database.ts'
import type { StandingMatch } from '../store/match-store.ts'
import type { Reversal } from '../store/reversal-store.ts'
import type { CarryOutDeps } from './carry-out.ts'
import { decideEffects, placeOf } from './decide.ts'
import { type Undoing, undoEffect } from './undo.ts'

/** What reversing needs. */
export type ReverseDeps = CarryOutDeps & {
  readonly database: Pick<Database, 'transaction'>
  readonly policy: Policy
  readonly now: () => Date
}

/** Effects that are weighed in one transaction. */
const piece = 100

/** How far a reversal is: all effects up to an id were weighed. */
export type Reversed = { readonly afterId: number; readonly isDone: boolean }

/**
 * Undoes a piece, behind an id, of what goes back to a content that no longer stands: each effect that no match calls for any more.
 * One that another content calls for stands, with that as its cause.
 */
export async function reverseSome(
  deps: ReverseDeps,
  { id, contentId, because, actor }: Reversal,
  afterId: number,
): Promise<Reversed> {
  const at = deps.now().toISOString()
  return await deps.database.transaction(async (stores) => {
    const effects = await stores.effects.ofContent(contentId, afterId, piece)
    for (const effect of effects)
      await undoUnlessCalledFor(stores, deps, effect, contentId, { because, actor, at })
    const isDone = effects.length < piece
    if (isDone) await stores.reversals.finish(id)
    return { afterId: effects.at(-1)?.id ?? afterId, isDone }
  })
}

/** What a person takes back of a subject. */
export type TakenBack = {
  /** An account, or a record with all that was done because of it. */
  readonly subject: SubjectUri
  /** One blob of the account alone. */
  readonly blob?: Cid | undefined
  /** One content alone: what other matches call for stands. */
  readonly contentId?: number | undefined
}

/**
 * Undoes what was done about a subject, because a person says that it was wrong; the matches of a record are judged to be none.
 * Returns the effects that were undone. Belongs in a transaction.
 */
export async function takeBack(
  stores: Stores,
  deps: Omit<ReverseDeps, 'database' | 'now'>,
  { subject, blob, contentId }: TakenBack,
  undoing: Undoing,
): Promise<StoredEffect[]> {
  const standing = await stores.effects.standingOn(subject, blob)
  const uris = new Set(standing.flatMap(({ uri }) => uri ?? []))
  if (subject.startsWith('at://')) uris.add(subject as AtUri)
  if (undoing.because === 'not-a-match')
    for (const uri of uris) await stores.matches.reverse(uri, contentId, undoing.at)
  const undone: StoredEffect[] = []
  for (const effect of standing) {
    if (contentId !== undefined && effect.cause?.contentId !== contentId) continue
    const isUndone =
      contentId === undefined
        ? await undoEffect(stores, deps, effect, undoing)
        : await undoUnlessCalledFor(stores, deps, effect, contentId, undoing)
    if (isUndone) undone.push(effect)
  }
  return undone
}

async function undoUnlessCalledFor(
  stores: Stores,
  deps: Omit<ReverseDeps, 'database' | 'now'>,
  effect: StoredEffect,
  contentId: number,
  undoing: Undoing,
): Promise<boolean> {
  // A content of which a hash is gone may have another that matches still; one that was judged does not count.
  const judged = undoing.because === 'hash-withdrawn' ? undefined : contentId
  const other = await otherCauseOf(stores, deps.policy, effect, judged, undoing.at)
  if (!other) return await undoEffect(stores, deps, effect, undoing)
  if (other.match.contentId === contentId) return false
  const { bankId, bank, contentId: id, distance } = other.match
  await stores.effects.reattribute(effect.id, { bankId, bank, contentId: id, distance })
  const details = { effect: effect.id, kind: effect.kind, was: contentId, content: id, bank, distance }
  const entry = { action: 'effect.cause-changed', subject: effect.subject, details }
  await stores.audit.append([{ at: undoing.at, actor: undoing.actor, ...entry }])
  return false
}

/** Returns a match, of any image that bears on the subject and of any content but one, that calls for the same effect. */
async function otherCauseOf(
  stores: Stores,
  policy: Policy,
  effect: StoredEffect,
  contentId: number | undefined,
  now: string,
): Promise<StandingMatch | undefined> {
  const isOfRecord = effect.subject.startsWith('at://')
  const found = await stores.matches.standing(effect.did, isOfRecord ? (effect.subject as AtUri) : undefined)
  const others = found.filter(({ match }) => match.contentId !== contentId)
  const opinions = await stores.verdicts.opinions(others.map(({ match }) => match.contentId))
  return others.find(
    ({ image, match }) =>
      opinions.get(match.contentId) !== 'negative' &&
      effectsOf({ image, match }, policy, now).some((key) => key === effectKey(effect)),
  )
}

function effectsOf({ image, match }: StandingMatch, policy: Policy, now: string): string[] {
  const effects = decideEffects({
    image,
    recordBlobs: [],
    matches: [match],
    suppressed: [],
    quarantined: new Set(),
    history: [],
    acted: [],
    takenDown: [],
    policy,
    now,
  })
  return effects.flatMap((effect) =>
    effect.kind === 'log' || effect.kind === 'withheld' || effect.kind === 'suppressed'
      ? []
      : [effectKey({ kind: effect.kind, ...placeOf(effect, image) })],
  )
}
