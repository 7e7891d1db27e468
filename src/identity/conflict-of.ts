import { AppError } from '../lib/errors.ts'
import type { DeclarationPlan } from './declare.ts'

/** What is known of our own label key. */
export type KeyFacts = {
  /** False when there is none yet. */
  readonly hasKey: boolean
  /** Where it is, or would be made, as people call it. */
  readonly keyPlace: string
}

/**
 * Returns why a plan must not be made true unasked: it replaces a key or an address that is not ours. Undefined when it
 * replaces nothing, and for a `did:web`, whose document is never written.
 */
export function conflictOf({ plc, conflicts }: DeclarationPlan, key: KeyFacts): AppError | undefined {
  if (!plc || conflicts.length === 0) return undefined
  const entries = conflicts.map(({ path }) => path[1] ?? '')
  const isKeyLost = !key.hasKey && entries.includes('atproto_label')
  const advice = isKeyLost
    ? `there is no key in ${key.keyPlace}: bring the labeler's own there, or set HARRIER_SIGNING_KEY; with --replace a new key is made, and labels signed so far no longer verify`
    : '--replace puts ours in its place; labels signed with another key then no longer verify'
  const named = [...new Set(entries)].map((entry) => `#${entry}`).join(' and ')
  return new AppError(
    'conflict',
    `Expected nothing of somebody else's in the DID document but ${named} would be replaced; ${advice}`,
  )
}
