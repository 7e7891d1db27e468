/**
 * Publishing, first front door: turns decisions into signed labels.
 *
 * Owns: the canonical form of a label and its signature, the moment it carries (`cts`), and the last check of its
 * value. Leaves to others: what deserves a label (`act/decide.ts`), storing it under a seq (`store/label-store.ts`), and
 * telling subscribers (`label-tail.ts`).
 * Invariants: only values that the labeler declares are put on anything; `cts` is strictly later than the label before
 * it; a label is signed once, and its bytes are never made again.
 *
 * `encode-label.ts` holds the canonical form.
 */
import type { SigningKey } from '../atproto/signing-key.ts'
import { AppError } from '../lib/errors.ts'
import { type Effect, wantedLabelOf } from '../model/effect.ts'
import type { Did } from '../model/ids.ts'
import {
  isLabelVal,
  type Label,
  maxLabelValBytes,
  type SignedLabel,
  type WantedLabel,
} from '../model/label.ts'
import { encodeSigned, encodeUnsigned } from './encode-label.ts'

/** What signing needs. */
export type SignLabelsDeps = {
  /** Returns the key that is live now. */
  readonly key: () => LabelKey
  /** The labeler. */
  readonly src: Did
  /** The values that the labeler's service record declares; no other is put on anything. */
  readonly declaredVals: ReadonlySet<string>
  readonly now: () => Date
}

/** What signing asks of a key. */
export type LabelKey = Pick<SigningKey, 'sign' | 'did'>

/**
 * A label to be made. A withdrawal may be of a value that is no longer declared, or never was legal. Withdrawing under
 * every version takes several: see `negationsOf`.
 */
export type LabelDraft = WantedLabel & {
  /** The `cts` of the label before it on the same subject and value; undefined when there is none. */
  readonly after: string | undefined
}

/**
 * Returns a function that signs the `label` effects, in their order, and passes over the others.
 * It throws an `AppError` of kind `invalid` for a value that is not legal or not declared, before anything is signed.
 */
export function createSignLabels(
  deps: SignLabelsDeps,
): (effects: readonly Effect[]) => Promise<SignedLabel[]> {
  return async (effects) => {
    const drafts = effects
      .filter((effect) => effect.kind === 'label')
      .map((effect) => ({ ...wantedLabelOf(effect), after: effect.after }))
    const labels = drafts.map((draft) => labelOfDraft(deps, draft))
    const key = deps.key()
    return Promise.all(labels.map((label) => signLabel(key, label)))
  }
}

/** Returns a function that signs one label or negation that a person asked for, by the same rules as the machine's. */
export function createSignLabel(deps: SignLabelsDeps): (draft: LabelDraft) => Promise<SignedLabel> {
  return async (draft) => signLabel(deps.key(), labelOfDraft(deps, draft))
}

/** Returns the label with its signature and its bytes. It is signed as it is: nothing is checked or filled in. */
export async function signLabel(key: LabelKey, label: Label): Promise<SignedLabel> {
  const sig = await key.sign(encodeUnsigned(label))
  return { ...label, ver: 1, sig, bytes: encodeSigned(label, sig), signedBy: key.did() }
}

function labelOfDraft({ src, declaredVals, now }: SignLabelsDeps, { after, ...draft }: LabelDraft): Label {
  requireVal(draft, declaredVals)
  return { src, ...draft, cts: laterThan(after, now().getTime()) }
}

/**
 * Throws an `AppError` of kind `invalid` for a value that may not be published: one that is not legal or not declared, or
 * in a withdrawal one that no label can have.
 */
export function requireVal(
  { val, neg }: Pick<WantedLabel, 'val' | 'neg'>,
  declaredVals: ReadonlySet<string>,
): void {
  if (neg) {
    if (val !== '' && Buffer.byteLength(val) <= maxLabelValBytes) return
    throw new AppError(
      'invalid',
      `Expected 1 to ${maxLabelValBytes} bytes for val but received ${Buffer.byteLength(val)}`,
    )
  }
  const shown = JSON.stringify(val.slice(0, maxLabelValBytes))
  if (!isLabelVal(val)) {
    throw new AppError(
      'invalid',
      `Expected a-z and - for val but received ${shown}: clients ignore any other value`,
    )
  }
  if (!declaredVals.has(val)) {
    throw new AppError(
      'invalid',
      `Expected a value that the service record declares for val but received ${shown}`,
    )
  }
}

/** The present, or one millisecond after `after` where that is later: a clock that went back never reorders labels. */
function laterThan(after: string | undefined, nowMs: number): string {
  const afterMs = after === undefined ? Number.NEGATIVE_INFINITY : Date.parse(after)
  if (Number.isNaN(afterMs))
    throw new AppError('internal', 'Expected an ISO 8601 time for the label before but received other text')
  return new Date(Math.max(nowMs, afterMs + 1)).toISOString()
}
