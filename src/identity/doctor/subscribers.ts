import type { Check } from './check.ts'
import { fetchAnswer } from './fetch-answer.ts'

/** Who reads our own stream now, and who did: only the operator listener knows. */
export const subscribersCheck: Check<'did'> = {
  name: 'subscribers',
  needs: ['did'],
  async run({ did }, deps, signal) {
    const { own } = deps
    if (own?.did !== did) return { status: 'unknown', says: 'only its own operator can see who subscribes' }
    const answer = await fetchAnswer(
      new URL('/subscribers', own.operatorUrl),
      { ...deps, fetch: own.fetch },
      signal,
    )
    if (answer.kind === 'unreachable')
      return { status: 'unknown', says: `the operator listener does not answer: ${answer.says}` }
    return {
      status: 'unknown',
      says: `the operator listener at ${own.operatorUrl} does not tell (${answer.status})`,
    }
  },
}
