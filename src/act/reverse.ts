import { effectKey, isActing, type StoredEffect } from '../model/effect.ts'
import type { AtUri, Cid, SubjectUri } from '../model/ids.ts'
import type { Policy } from '../model/policy.ts'
import type { Database, Stores } from '../store/database.ts'
import type { StandingMatch } from '../store/match-store.ts'
import type { Reversal } from '../store/reversal-store.ts'
import type { CarryOutDeps } from './carry-out.ts'
import { decideEffects, placeOf } from './decide.ts'
import { type Undoing, undoEffect } from './undo.ts'

/** What undoing needs, when it weighs what else calls for an effect. */
export type TakeBackDeps = CarryOutDeps & { readonly policy: Policy }

/** What reversing needs. */
export type ReverseDeps = TakeBackDeps & {
  readonly database: Pick<Database, 'transaction'>
  readonly now: () => Date
}

/** How far undoing a piece has come. */
export type PieceUndone = {
  readonly undone: readonly StoredEffect[]
  /** The effect that was looked at last: the next piece begins after it. */
  readonly lastId: number
  readonly isDone: boolean
}

/** Effects that are weighed in one transaction. */
const piece = 100

/**
 * Undoes a piece of what goes back to a content that no longer stands, after the effect `afterId`: each effect that no other match
 * calls for. One that another calls for stands, with that as its cause.
 */
export async function reverseSome(
  deps: ReverseDeps,
  { id, contentId, because, actor }: Reversal,
  afterId: number,
): Promise<PieceUndone> {
  const at = deps.now().toISOString()
  // A content may have lost one hash of several: what matched by another one stands.
  const isLost = ({ match }: StandingMatch) => because !== 'hash-withdrawn' && match.contentId === contentId
  return await deps.database.transaction(async (stores) => {
    const effects = await stores.effects.ofContent(contentId, afterId, piece)
    const done = await undoPiece(stores, deps, effects, isLost, { because, actor, at })
    if (done.isDone) await stores.reversals.finish(id)
    return done
  })
}

/** Undoes a piece of what goes back to a bank, after the effect `afterId`, as `reverseSome` does. Belongs in a transaction. */
export async function takeBackOfBank(
  stores: Stores,
  deps: TakeBackDeps,
  { bankId, afterId }: { readonly bankId: number; readonly afterId: number },
  undoing: Undoing,
): Promise<PieceUndone> {
  const effects = await stores.effects.ofBank(bankId, afterId, piece)
  return await undoPiece(stores, deps, effects, ({ match }) => match.bankId === bankId, undoing)
}

async function undoPiece(
  stores: Stores,
  deps: TakeBackDeps,
  effects: readonly StoredEffect[],
  isLost: IsLost,
  undoing: Undoing,
): Promise<PieceUndone> {
  const undone: StoredEffect[] = []
  for (const effect of effects)
    if (await undoUnlessCalledFor(stores, deps, effect, isLost, undoing)) undone.push(effect)
  return { undone, lastId: effects.at(-1)?.id ?? 0, isDone: effects.length < piece }
}

/** What a person takes back of a subject. */
export type TakenBack = {
  /** An account, or a record with all that was done because of it. */
  readonly subject: SubjectUri
  /** What was done because of one image alone; of the account, or of the record where that is the subject. */
  readonly blob?: Cid | undefined
  /** With a blob: its takedowns in every account. */
  readonly isEverywhere?: boolean | undefined
  /** One content alone: what other matches call for stands. */
  readonly contentId?: number | undefined
}

/**
 * Undoes what was done about a subject, because a person says that it was wrong; the matches of a record are judged to be none.
 * What was done to more than the subject, such as the account of a record, stands where another record calls for it. Returns the
 * effects that were undone. Belongs in a transaction.
 */
export async function takeBack(
  stores: Stores,
  deps: TakeBackDeps,
  taken: TakenBack,
  undoing: Undoing,
): Promise<StoredEffect[]> {
  const { subject, blob, contentId, isEverywhere } = taken
  const standing = await stores.effects.standingOn(subject, blob)
  const uris = new Set(standing.flatMap(({ uri }) => uri ?? []))
  if (subject.startsWith('at://')) uris.add(subject as AtUri)
  if (undoing.because === 'not-a-match')
    for (const uri of uris) await stores.matches.reverse(uri, contentId, undoing.at)
  const undone: StoredEffect[] = []
  for (const effect of standing) {
    if (contentId !== undefined && effect.cause?.contentId !== contentId) continue
    const isWhole = contentId === undefined && isOfSubject(effect, taken)
    const isUndone = isWhole
      ? await undoEffect(stores, deps, effect, undoing)
      : await undoUnlessCalledFor(stores, deps, effect, lostBy(taken), undoing)
    if (isUndone) undone.push(effect)
  }
  if (blob === undefined || isEverywhere !== true) return undone
  for (const effect of await stores.effects.takedownsOfBlob(blob))
    if (await undoEffect(stores, deps, effect, undoing)) undone.push(effect)
  return undone
}

/** True for what was done to the very thing that is taken back. */
function isOfSubject({ subject: place, did }: StoredEffect, { subject, blob }: TakenBack): boolean {
  return place === (blob === undefined ? subject : `${did}/${blob}`)
}

/** The matches that a person takes back call for nothing any more. */
function lostBy({ subject, blob, contentId }: TakenBack): IsLost {
  return ({ image, match }) =>
    (contentId === undefined || match.contentId === contentId) &&
    (blob === undefined || image.cid === blob) &&
    (image.uri === subject || image.did === subject)
}

/** Tells which matches call for nothing any more, though they are in the store. */
type IsLost = (found: StandingMatch) => boolean

async function undoUnlessCalledFor(
  stores: Stores,
  deps: TakeBackDeps,
  effect: StoredEffect,
  isLost: IsLost,
  undoing: Undoing,
): Promise<boolean> {
  const other = await otherCauseOf(stores, deps.policy, effect, isLost, undoing.at)
  if (!other) return await undoEffect(stores, deps, effect, undoing)
  const { match, image } = other
  if (match.contentId === effect.cause?.contentId && image.uri === effect.uri) return false
  const { bankId, bank, contentId: id, distance } = match
  await stores.effects.reattribute(effect.id, { bankId, bank, contentId: id, distance }, image)
  const was = effect.cause?.contentId
  const details = { effect: effect.id, kind: effect.kind, was, content: id, bank, distance }
  const entry = { action: 'effect.cause-changed', subject: effect.subject, details }
  await stores.audit.append([{ at: undoing.at, actor: undoing.actor, ...entry }])
  return false
}

/** Returns another match, of any image that bears on the subject, that calls for the same effect; none for what a person ordered. */
async function otherCauseOf(
  stores: Stores,
  policy: Policy,
  effect: StoredEffect,
  isLost: IsLost,
  now: string,
): Promise<StandingMatch | undefined> {
  if (effect.cause === undefined) return undefined
  const isOfRecord = effect.subject.startsWith('at://')
  const found = await stores.matches.standing(effect.did, isOfRecord ? (effect.subject as AtUri) : undefined)
  const others = found.filter((other) => !isLost(other))
  const opinions = await stores.verdicts.opinions(others.map(({ match }) => match.contentId))
  return others.find(({ image, match }) => {
    const opinion = opinions.get(match.contentId)
    if (opinion === 'negative') return false
    const { opinion: _, ...rest } = match
    const judged = { image, match: opinion === undefined ? rest : { ...rest, opinion } }
    return effectsOf(judged, policy, now).some((key) => key === effectKey(effect))
  })
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
  return effects.filter(isActing).map((effect) => effectKey({ kind: effect.kind, ...placeOf(effect, image) }))
}
