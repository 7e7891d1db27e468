import { withMaxBody } from '../../lib/safe-fetch.ts'
import type { DoctorDeps, SeenClock } from './check.ts'
import { explainTrouble, type NetworkTrouble } from './network-trouble.ts'

/** What a host answered, or why it did not. */
export type Answer =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly headers: Headers
      /** The body as JSON; undefined when it is not JSON. */
      readonly json: unknown
      readonly clock: SeenClock | 'not shown'
    }
  | ({ readonly kind: 'unreachable' } & NetworkTrouble)

/** The longest body that is read, in bytes: 250 labels are about 100,000. */
const maxBodyBytes = 1_000_000

/** Asks a URL and returns the answer, whatever its status. Trouble on the way is an answer too; only an abort throws. */
export async function fetchAnswer(
  url: URL,
  { fetch, now }: Pick<DoctorDeps, 'fetch' | 'now'>,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const response = await withMaxBody(fetch, maxBodyBytes)(url, { signal })
    const clock = clockOf(response.headers.get('date'), now())
    return {
      kind: 'answered',
      status: response.status,
      headers: response.headers,
      json: parseJson(await response.text()),
      clock,
    }
  } catch (error) {
    signal.throwIfAborted()
    return { kind: 'unreachable', ...explainTrouble(error, url.origin) }
  }
}

/** Returns the clock that a `Date` header shows (RFC 9110, 6.6.1). */
export function clockOf(date: string | null, seenAt: Date): SeenClock | 'not shown' {
  const shownMs = Date.parse(date ?? '')
  return Number.isNaN(shownMs) ? 'not shown' : { shownMs, seenAtMs: seenAt.getTime() }
}

/** Returns a field of what may be anything at all; undefined when there is none. */
export function fieldOf(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>)[name] : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
