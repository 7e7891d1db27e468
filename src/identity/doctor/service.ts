import type { Check } from './check.ts'
import { fetchAnswer } from './fetch-answer.ts'

/** Our own service answers on this machine, whatever stands before it. */
export const serviceCheck: Check<'did'> = {
  name: 'service',
  needs: ['did'],
  isOwnOnly: true,
  async run(_evidence, deps, signal) {
    const { own } = deps
    if (own === undefined) return { status: 'unknown', says: 'this installation has no labeler' }
    if (new URL(own.localUrl).port === '0')
      return {
        status: 'unknown',
        says: 'it takes a free port (HARRIER_PUBLIC_PORT=0), which is not known here',
      }
    const answer = await fetchAnswer(
      new URL('/xrpc/_health', own.localUrl),
      { ...deps, fetch: own.fetch },
      signal,
    )
    if (answer.kind === 'answered' && answer.status === 200)
      return { status: 'ok', says: `runs at ${own.localUrl}` }
    const says = answer.kind === 'answered' ? `${own.localUrl} answers ${answer.status}` : answer.says
    return {
      status: 'fail',
      says: `the service does not run on this machine (${says})`,
      fix: 'Start it with npm start; where it runs on another machine, run harrier doctor there, or name the DID',
    }
  },
}
