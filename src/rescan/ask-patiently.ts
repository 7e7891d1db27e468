import { type BackoffOptions, backoffMs } from '../lib/backoff.ts'
import { AppError, messageOf, shouldRetry } from '../lib/errors.ts'
import type { Pace } from '../lib/pace.ts'
import { pause } from '../lib/pause.ts'

/** How a host is asked. */
export type Patience = {
  /** When the next question is due. */
  readonly pace: Pace
  readonly maxAttempts: number
  readonly backoff: BackoffOptions
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number
  /** Told before each wait that is no part of the pace, with its reason in one line. */
  readonly onWait: (waitMs: number, reason: string) => void
}

/**
 * Asks until there is an answer: an error that may pass is waited out, as long as the host asks for, or longer each time.
 * @throws the error that does not pass or is the last; the signal's reason.
 */
export async function askPatiently<Answer>(
  ask: () => Promise<Answer>,
  { pace, maxAttempts, backoff, random, onWait }: Patience,
  signal: AbortSignal,
): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    await pace(signal)
    try {
      return await ask()
    } catch (error) {
      signal.throwIfAborted()
      if (attempt >= maxAttempts || !shouldRetry(error)) throw error
      const asked = error instanceof AppError ? Number(error.details['retryAfterMs'] ?? 0) : 0
      const waitMs = Math.max(asked, backoffMs(attempt, backoff, random()))
      onWait(waitMs, messageOf(error))
      await pause(waitMs, signal)
      signal.throwIfAborted()
    }
  }
}
