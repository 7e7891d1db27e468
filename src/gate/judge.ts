import { createDeadline } from '../lib/deadline.ts'
import { AppError } from '../lib/errors.ts'
import type { ImageHash } from '../model/hash.ts'
import type { Cid } from '../model/ids.ts'
import type { Match } from '../model/match.ts'
import { isLasting, type UnscannableReason } from '../model/scan.ts'
import type { UnjudgedReason } from '../model/upload.ts'
import type { InspectedBody } from './inspect-body.ts'

/** What judging needs. */
export type JudgeDeps = {
  /** Hashes a picture in a process of its own, as the banks need it. */
  readonly hash: (
    bytes: Uint8Array,
    signal: AbortSignal,
  ) => Promise<
    | { readonly kind: 'hashed'; readonly hashes: readonly ImageHash[] }
    | { readonly kind: 'unscannable'; readonly reason: UnscannableReason }
  >
  /** Returns the nearest match of a blob's hashes that a policy blocks, or undefined. */
  readonly findBlocked: (hashes: readonly ImageHash[], cid: Cid) => Promise<Blocked | undefined>
}

/** A match that a policy blocks; `isSettled` is false where its other hashes could still clear the picture. */
export type Blocked = { readonly match: Match; readonly isSettled: boolean }

/** What is to become of an upload. */
export type Verdict =
  | { readonly kind: 'clean' }
  | { readonly kind: 'blocked'; readonly match: Match }
  | { readonly kind: 'unjudged'; readonly reason: UnjudgedReason }

/**
 * Judges one body: by its digests, then, where it is a picture, by its looks. Returns within `timeoutMs`, about.
 * @throws the signal's reason when the caller has gone, and faults of ours, which are no `AppError`.
 */
export async function judgeBody(
  deps: JudgeDeps,
  body: InspectedBody,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Verdict> {
  const deadline = createDeadline(timeoutMs, signal)
  const within = <T>(work: Promise<T>): Promise<T> => Promise.race([work, rejectionOf(deadline)])
  let known: Blocked | undefined
  try {
    known = await within(deps.findBlocked(body.digests, body.cid))
    if (known?.isSettled === true) return { kind: 'blocked', match: known.match }
    return await within(judgeLooks(deps, body, known, deadline))
  } catch (error) {
    signal.throwIfAborted()
    if (!deadline.aborted && !(error instanceof AppError)) throw error
    // Its looks could have cleared it, and were not to be had.
    if (known) return { kind: 'blocked', match: known.match }
    return { kind: 'unjudged', reason: deadline.aborted ? 'timeout' : 'hasher' }
  }
}

/** What is known by its digests stays blocked unless its looks, all of them, clear it. */
async function judgeLooks(
  deps: JudgeDeps,
  body: InspectedBody,
  known: Blocked | undefined,
  deadline: AbortSignal,
): Promise<Verdict> {
  const outcome = body.kind === 'picture' ? await deps.hash(body.bytes, deadline) : undefined
  if (outcome?.kind === 'hashed') {
    const found = await deps.findBlocked(outcome.hashes, body.cid)
    return found ? { kind: 'blocked', match: found.match } : { kind: 'clean' }
  }
  if (known) return { kind: 'blocked', match: known.match }
  if (body.kind === 'unreadable') return { kind: 'unjudged', reason: body.reason }
  return outcome ? verdictOfUnscannable(outcome.reason) : { kind: 'clean' }
}

/** Bytes of no format that is decoded are no picture; those of one, that cannot be decoded, may still be one to others. */
function verdictOfUnscannable(reason: UnscannableReason): Verdict {
  if (reason === 'corrupt') return { kind: 'unjudged', reason }
  return isLasting(reason) ? { kind: 'clean' } : { kind: 'unjudged', reason: 'limit' }
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason)
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })
}
