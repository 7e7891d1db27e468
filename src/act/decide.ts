import type { Effect } from '../model/effect.ts'
import type { ImageRef } from '../model/image.ts'
import type { LabelState } from '../model/label.ts'
import type { Match, SuppressedMatch } from '../model/match.ts'
import { effectsFor, type LabelEffect, type Policy } from '../model/policy.ts'

/** Everything a decision is made from. */
export type Decision = {
  readonly image: ImageRef
  /** Nearest first; the nearest match that calls for a label gives it its reason. */
  readonly matches: readonly Match[]
  /** What negative banks suppress: it calls for nothing but the record of that. */
  readonly suppressed: readonly SuppressedMatch[]
  /** The current labels of the record and of its account, withdrawn ones included. */
  readonly history: readonly LabelState[]
  readonly policy: Policy
  /** ISO 8601; a label that has expired by then no longer holds. */
  readonly now: string
}

/**
 * Returns what will be done about an image's matches, in the order of the matches, then what is suppressed: pure, without
 * clock or store.
 *
 * A label that already holds is not given twice, and one that a person withdrew from this version of the record is not
 * given again; both are recorded as withheld. Each label value is given at most once.
 */
export function decideEffects({ image, matches, suppressed, history, policy, now }: Decision): Effect[] {
  const seen = new Set<string>()
  const effects = matches.flatMap((match) =>
    effectsFor(policy, match).flatMap((called) => {
      if (called.kind === 'log') return [{ kind: 'log', match } as const]
      // Only an upload can be blocked: see `decide-upload.ts`.
      if (called.kind === 'block') return []
      const given = `${called.on ?? 'record'} ${called.val}`
      if (seen.has(given)) return []
      seen.add(given)
      return [decideLabel(called, match, image, history, now)]
    }),
  )
  return [...effects, ...suppressed.map((found) => ({ kind: 'suppressed', ...found }) as const)]
}

function decideLabel(
  { val, on, expiresAfterMs, priority = 'normal' }: LabelEffect,
  match: Match,
  image: ImageRef,
  history: readonly LabelState[],
  now: string,
): Effect {
  const uri = on === 'account' ? image.did : image.uri
  const cid = on === 'account' ? undefined : image.recordCid
  const state = history.find((label) => label.val === val && label.uri === uri)
  const isThisVersion = state !== undefined && (state.cid === undefined || state.cid === cid)
  if (state?.isNegated && isThisVersion) return { kind: 'withheld', val, because: 'withdrawn', match }
  const holds = state !== undefined && !state.isNegated && (state.exp === undefined || state.exp > now)
  if (holds && isThisVersion) return { kind: 'withheld', val, because: 'already-labeled', match }
  const exp =
    expiresAfterMs === undefined ? undefined : new Date(Date.parse(now) + expiresAfterMs).toISOString()
  return { kind: 'label', uri, cid, val, exp, priority, after: state?.cts, match }
}
