import type { Check, Outcome } from './check.ts'
import { readStream, type StreamEnd } from './read-stream.ts'

const cursor = Number.MAX_SAFE_INTEGER

const toRefuse =
  'Answer a cursor above the newest seq with the error frame FutureCursor ({op: -1}, {error, message}) and close; without it a subscriber that outlived a lost database waits for ever'

/** A cursor beyond the newest label is refused with the error frame that the lexicon has. */
export const futureCursorCheck: Check<'endpoint' | 'upgrade'> = {
  name: 'future-cursor',
  needs: ['endpoint', 'upgrade'],
  async run({ endpoint }, deps, signal) {
    const { end, malformed, labels } = await readStream(endpoint, { cursor, maxLabels: 1 }, deps, signal)
    const [problem] = malformed
    if (problem !== undefined)
      return warn(`the error frame for a cursor beyond the newest label is malformed (${problem})`)
    if (labels.length > 0) return warn('a cursor beyond the newest label is answered with labels')
    return outcomeOf(end)
  },
}

function outcomeOf(end: StreamEnd): Outcome {
  switch (end.kind) {
    case 'error-frame':
      if (end.error !== 'FutureCursor')
        return warn(`a cursor beyond the newest label gives the error ${end.error} instead of FutureCursor`)
      if (end.code === undefined) return warn('after the error frame FutureCursor the connection stays open')
      if (end.code === 1006)
        return warn('after the error frame FutureCursor the connection is cut without a close')
      return { status: 'ok', says: `refused as FutureCursor, closed with ${end.code}` }
    case 'closed':
      return warn(
        `a cursor beyond the newest label closes the connection (${end.code}) without the error frame FutureCursor`,
      )
    case 'quiet':
    case 'enough':
    case 'silent':
      return warn('a cursor beyond the newest label is accepted in silence, without the error FutureCursor')
    case 'no-upgrade':
      return warn(
        `a cursor beyond the newest label is refused before the upgrade (${end.status}), where clients do not see the reason`,
      )
    case 'failed':
    default:
      return warn(
        'a cursor beyond the newest label breaks the connection without the error frame FutureCursor',
      )
  }
}

function warn(says: string): Outcome {
  return { status: 'warn', says, fix: toRefuse }
}
