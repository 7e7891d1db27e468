import type { TargetOutcome } from '../model/target.ts'
import type { XrpcAnswer } from './call-xrpc.ts'

/** Statuses of an answer that says no, and may say yes once somebody has seen to it: authority, a missing method, being busy. */
const passing: ReadonlySet<number> = new Set([401, 403, 404, 405, 408, 413, 425, 429])

/** True for an answer that says that it was done. */
export function isDone(answer: XrpcAnswer): boolean {
  return answer.kind === 'answered' && answer.status >= 200 && answer.status < 300
}

/** Returns what was answered, parsed; undefined where there is nothing to read. */
export function bodyOf(answer: XrpcAnswer): unknown {
  return answer.kind === 'answered' ? answer.body : undefined
}

/** Returns the error's name; empty where there is none. */
export function errorOf(answer: XrpcAnswer): string {
  return answer.kind === 'answered' && !isDone(answer) ? answer.error : ''
}

/**
 * Returns what it means that a call was not answered with what was asked for, where a repeat does no harm: it is tried again,
 * but for what is wrong with the call itself.
 */
export function outcomeOfFailure(answer: XrpcAnswer): Extract<TargetOutcome, { kind: 'failed' | 'refused' }> {
  if (answer.kind === 'lost') return { kind: 'failed', words: answer.words }
  if (answer.kind === 'not-sent')
    return { kind: 'failed', words: answer.words, retryAfterMs: answer.retryAfterMs }
  const { status, retryAfterMs } = answer
  const isFinal = status >= 400 && status < 500 && !passing.has(status)
  return isFinal
    ? { kind: 'refused', words: wordsOf(answer) }
    : { kind: 'failed', words: wordsOf(answer), retryAfterMs }
}

/** Returns the status and the error's name: what may stand in a log. */
export function wordsOf({ status, error }: Extract<XrpcAnswer, { kind: 'answered' }>): string {
  return error === '' ? `status ${status}` : `status ${status} ${error}`
}
