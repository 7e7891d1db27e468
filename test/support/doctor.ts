import { type CheckResult, type DoctorDeps, examineLabeler } from '../../src/identity/doctor.ts'
import { createSafeFetch } from '../../src/lib/safe-fetch.ts'
import { createSafeWebSocket } from '../../src/lib/safe-websocket.ts'
import type { Network } from './network.ts'

/** What a test tells the doctor besides the network. */
export type ExaminationOptions = Partial<Omit<DoctorDeps, 'allowedPrivateOrigins'>> & {
  /** Origins that may be plain and private, besides those of the network. */
  readonly origins?: readonly string[]
}

/** Returns what the doctor works with on a test network: short waits, and no name server. */
export function doctorDepsOf(
  network: Pick<Network, 'plcUrl' | 'pdsUrl'>,
  { origins = [], ...more }: ExaminationOptions = {},
): DoctorDeps {
  const allowedPrivateOrigins = [network.plcUrl, network.pdsUrl, ...origins]
  const shared = { allowedPrivateOrigins, userAgent: 'harrier-test (doctor)' }
  return {
    fetch: createSafeFetch({ ...shared, timeoutMs: 5_000, maxRedirects: 3 }),
    openWebSocket: createSafeWebSocket({ ...shared, handshakeTimeoutMs: 5_000, maxMessageBytes: 4_000_000 }),
    resolveTxt: () => Promise.reject(new Error('a test has no name server')),
    now: () => new Date(),
    plcUrl: network.plcUrl,
    allowedPrivateOrigins,
    own: undefined,
    limits: { timeoutMs: 5_000, quietMs: 60, maxLabels: 2_000 },
    ...more,
  }
}

/**
 * Examines a labeler and returns the results by their check: all of them, or up to the last one that is asked for.
 * `undefined` is our own labeler.
 */
export async function examine(
  subject: string | undefined,
  deps: DoctorDeps,
  last?: string,
): Promise<Readonly<Record<string, CheckResult>>> {
  const results: Record<string, CheckResult> = {}
  for await (const result of examineLabeler(subject, deps, new AbortController().signal)) {
    results[result.check] = result
    if (result.check === last) break
  }
  return results
}
