import { type BackoffOptions, backoffMs } from '../lib/backoff.ts'
import { pause } from '../lib/pause.ts'
import { runSession, type SessionDeps, type SessionOptions } from './label-session.ts'
import type { LabelerReport } from './labeler-report.ts'
import type { SessionEnd } from './session-end.ts'

/** How one labeler is followed. */
export type FollowOptions = SessionOptions & {
  readonly backoff: BackoffOptions
  /** How many attempts in a row may fail when `idleMs` asks to catch up and end. */
  readonly maxAttempts: number
}

/** What following a labeler needs. `random` is 0 inclusive to 1 exclusive. */
export type FollowDeps = SessionDeps & { readonly random: () => number }

/** A connection that lasted so long, or brought anything, makes its failure the first again. */
const steadyMs = 30_000

/**
 * Follows a labeler until the signal is aborted, or, when it is to catch up, until it has or cannot. Whatever its host,
 * its DID document or the database does is waited out; a labeler that says that our cursor lies in its future is asked
 * again at the longest interval, since only people can decide what that means.
 * @throws as `runSession` does.
 */
export async function followLabeler(
  deps: FollowDeps,
  options: FollowOptions,
  signal: AbortSignal,
): Promise<LabelerReport> {
  const { observer } = deps
  const isToEnd = options.idleMs !== undefined
  let failures = 0
  while (true) {
    const [startedAt, startCursor] = [performance.now(), observer.cursor]
    const end = await runSession(deps, options, signal)
    if (end.reason === 'stopped' || end.reason === 'caught-up') return observer.ended(end)
    const hasProgress = observer.cursor !== startCursor || performance.now() - startedAt >= steadyMs
    failures = hasProgress ? 1 : failures + 1
    if (isToEnd && (end.reason === 'future-cursor' || failures >= options.maxAttempts))
      return observer.ended(end)
    const waitMs = waitAfter(end, failures, options.backoff, deps.random())
    observer.disconnected(end, waitMs)
    await pause(waitMs, signal)
  }
}

function waitAfter(
  { reason }: SessionEnd,
  failures: number,
  backoff: BackoffOptions,
  random: number,
): number {
  if (reason === 'renewed') return 0
  if (reason === 'future-cursor') return backoff.maxMs
  return backoffMs(failures, backoff, random)
}
