import type { Check, Outcome } from './check.ts'
import { fetchAnswer } from './fetch-answer.ts'

/** The endpoint answers over https (plain http where the settings allow it). */
export const httpsCheck: Check<'endpoint'> = {
  name: 'https',
  needs: ['endpoint'],
  gives: ['endpointClock'],
  async run({ endpoint }, deps, signal) {
    const startedAt = performance.now()
    const answer = await fetchAnswer(new URL('/xrpc/_health', endpoint), deps, signal)
    const ms = Math.round(performance.now() - startedAt)
    if (answer.kind === 'unreachable') return { status: 'fail', says: answer.says, fix: answer.fix }
    const trouble = troubleOf(answer.status)
    if (trouble) return trouble
    return {
      status: 'ok',
      says: `${endpoint.origin} answers in ${ms} ms`,
      learned: { endpointClock: answer.clock },
    }
  },
}

/** Any answer of the labeler itself will do, a 404 for the health route included; these come from what stands before it. */
function troubleOf(status: number): Outcome | undefined {
  if (status === 401 || status === 403 || status === 429) {
    return {
      status: 'fail',
      says: `something in front of the labeler refuses (${status}), as a bot protection or an access list does`,
      fix: 'Let /xrpc/ through without a challenge, a login or a rate limit',
    }
  }
  if (status < 500) return undefined
  return {
    status: 'fail',
    says: `the proxy in front of the labeler answers ${status}`,
    fix: 'Start the service, and point the proxy at its public listener (HARRIER_PUBLIC_HOST, HARRIER_PUBLIC_PORT)',
  }
}
