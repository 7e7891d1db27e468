import { backoffMs } from './backoff.ts'
import { createDeadline } from './deadline.ts'
import { AppError, messageOf, shouldRetry } from './errors.ts'

/** How work is tried. Milliseconds. */
export type TryOptions = {
  /** The longest that one try may take, whatever it waits for. */
  readonly timeoutMs: number
  readonly maxAttempts: number
  readonly retryBaseMs: number
  readonly retryMaxMs: number
}

/** The try that is made. */
export type Try = {
  /** Which one it is, from 1. */
  readonly attempt: number
  /** Aborted when the program ends. */
  readonly ending: AbortSignal
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number
}

/**
 * How a try ended. `cut-off` by the end of the program: everything is as it was, but for the attempt, and the next start tries again.
 * `reason` is for people, of one line.
 */
export type Tried<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  | { readonly kind: 'cut-off' }
  | { readonly kind: 'retry'; readonly waitMs: number; readonly reason: string }
  | { readonly kind: 'dead'; readonly reason: string }

/**
 * Tries work that others can make fail, within its time, and says whether it is to be tried again and when.
 * @throws what is no `AppError` and no timeout: our own fault.
 */
export async function tryWork<Value>(
  work: (signal: AbortSignal) => Promise<Value>,
  { timeoutMs, maxAttempts, retryBaseMs, retryMaxMs }: TryOptions,
  { attempt, ending, random }: Try,
): Promise<Tried<Value>> {
  try {
    return { kind: 'done', value: await work(createDeadline(timeoutMs, ending)) }
  } catch (error) {
    if (ending.aborted) return { kind: 'cut-off' }
    if (!(error instanceof AppError) && !isTimeout(error)) throw error
    const reason = messageOf(error)
    if (attempt >= maxAttempts || !(isTimeout(error) || shouldRetry(error))) return { kind: 'dead', reason }
    const waitMs = backoffMs(attempt, { baseMs: retryBaseMs, maxMs: retryMaxMs }, random())
    return { kind: 'retry', waitMs, reason }
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError'
}
