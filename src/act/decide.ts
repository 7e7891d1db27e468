import type { Effect } from '../model/effect.ts'
import type { ImageRef } from '../model/image.ts'
import type { LabelState } from '../model/label.ts'
import type { Match } from '../model/match.ts'
import { effectsFor, type Policy, type TierEffect } from '../model/policy.ts'

/** Everything a decision is made from. */
export type Decision = {
  readonly image: ImageRef
  /** Nearest first; the nearest match that calls for a label gives it its reason. */
  readonly matches: readonly Match[]
  /** The current labels of the record, withdrawn ones included. */
  readonly history: readonly LabelState[]
  readonly policy: Policy
  /** ISO 8601; a label that has expired by then no longer holds. */
  readonly now: string
}

/**
 * Returns what will be done about an image's matches, in the order of the matches: pure, without clock or store.
 *
 * A label that already holds is not given twice, and one that a person withdrew from this version of the record is not
 * given again; both are recorded as withheld. Each label value is given at most once.
 */
export function decideEffects({ image, matches, history, policy, now }: Decision): Effect[] {
  const given = new Set<string>()
  return matches.flatMap((match) =>
    effectsFor(policy, match).flatMap((called) => {
      if (called.kind === 'log') return [{ kind: 'log', match } as const]
      if (given.has(called.val)) return []
      given.add(called.val)
      return [decideLabel(called, match, image, history, now)]
    }),
  )
}

function decideLabel(
  { val }: Extract<TierEffect, { kind: 'label' }>,
  match: Match,
  image: ImageRef,
  history: readonly LabelState[],
  now: string,
): Effect {
  const state = history.find((label) => label.val === val)
  const isThisVersion = state !== undefined && (state.cid === undefined || state.cid === image.recordCid)
  if (state?.isNegated && isThisVersion) return { kind: 'withheld', val, because: 'withdrawn', match }
  const holds = state !== undefined && !state.isNegated && (state.exp === undefined || state.exp > now)
  if (holds && isThisVersion) return { kind: 'withheld', val, because: 'already-labeled', match }
  return { kind: 'label', uri: image.uri, cid: image.recordCid, val, after: state?.cts, match }
}
