/**
 * The doctor: finds why a labeler's labels do not show.
 *
 * Owns: the checks, in the order in which labels travel, from the DID to whoever reads the stream, and what each failure
 * asks a person to do. Leaves to others: the network's bounds (`lib/safe-fetch.ts`, `lib/safe-websocket.ts`), reading
 * what labelers send (`atproto/`), what only the operator knows (an argument), and printing.
 * Invariants: it changes nothing anywhere; all that it reads is bounded in bytes, time and count; a check whose evidence
 * is missing is not run and says why; every failure comes with a fix.
 *
 * `doctor/check.ts` says what a check is, `doctor/checks.ts` lists them, and each has a file of its own.
 */
import { createDeadline } from '../lib/deadline.ts'
import { AppError, messageOf } from '../lib/errors.ts'
import type { Did } from '../model/ids.ts'
import {
  type Check,
  type CheckStatus,
  counted,
  type DoctorDeps,
  type Evidence,
  type Outcome,
} from './doctor/check.ts'
import { checksOf } from './doctor/checks.ts'

export type { DoctorDeps, OwnLabeler } from './doctor/check.ts'

/** One line of the report. */
export type CheckResult = {
  readonly check: string
  readonly status: CheckStatus
  readonly says: string
  readonly fix?: string
  /** How long the check took, in whole milliseconds; 0 for one that was not run. */
  readonly ms: number
}

/** What the lines come to. */
export type Verdict = { readonly isHealthy: boolean; readonly says: string }

/** The longest that one check may take, in milliseconds. */
const checkTimeoutMs = 60_000

/**
 * Yields each check's result as soon as it is made. `subject` is a DID, a handle or a URL; undefined for our own labeler.
 * @throws the signal's reason when it is aborted.
 */
export async function* examineLabeler(
  subject: string | undefined,
  deps: DoctorDeps,
  signal: AbortSignal,
): AsyncGenerator<CheckResult, void, undefined> {
  const evidence: Partial<Evidence> = {}
  const checks = checksOf(subject)
  for (const check of checks) {
    signal.throwIfAborted()
    if (check.isOwnOnly && !isOwn(subject, evidence.did, deps)) continue
    const lacking = check.needs.find((need) => evidence[need] === undefined)
    if (lacking !== undefined) {
      yield { check: check.name, status: 'unknown', says: notRunWithout(lacking, checks), ms: 0 }
      continue
    }
    const startedAt = performance.now()
    const { learned, ...finding } = await runCheck(check, evidence as Evidence, deps, signal)
    Object.assign(evidence, learned)
    yield { check: check.name, ...finding, ms: Math.round(performance.now() - startedAt) }
  }
}

/** Returns what the results come to. Labels can show when nothing failed; what is unknown does not count against it. */
export function verdictOf(results: readonly CheckResult[]): Verdict {
  const count = (status: CheckStatus): number => results.filter((result) => result.status === status).length
  const [fails, warns, unknowns] = [count('fail'), count('warn'), count('unknown')]
  const rest = [warns > 0 && counted(warns, 'warning'), unknowns > 0 && `${unknowns} not known`].filter(
    Boolean,
  )
  const tail = rest.length === 0 ? '' : ` (${rest.join(', ')})`
  if (fails === 0) return { isHealthy: true, says: `Nothing found that keeps its labels from showing${tail}` }
  const first = results.find(({ status }) => status === 'fail')
  return {
    isHealthy: false,
    says: `${counted(fails, 'failure')} that can keep labels from showing${tail}; begin with ${first?.check}`,
  }
}

async function runCheck(
  check: Check,
  evidence: Evidence,
  deps: DoctorDeps,
  signal: AbortSignal,
): Promise<Outcome> {
  const deadline = createDeadline(checkTimeoutMs, signal)
  try {
    return await check.run(evidence, deps, deadline)
  } catch (error) {
    signal.throwIfAborted()
    if (deadline.aborted) return { status: 'unknown', says: `it took longer than ${checkTimeoutMs / 1000} s` }
    if (error instanceof AppError) return { status: 'unknown', says: messageOf(error) }
    throw error
  }
}

/** Before the DID is known, the labeler is ours when nobody else was named. */
function isOwn(subject: string | undefined, did: Did | undefined, { own }: DoctorDeps): boolean {
  return did === undefined ? subject === undefined : did === own?.did
}

function notRunWithout(need: keyof Evidence, checks: readonly Check[]): string {
  const giver = checks.find(({ gives }) => gives?.includes(need))
  return `not run, for it needs what ${giver?.name} did not find`
}
