import {
  type Check,
  combine,
  counted,
  type DoctorDeps,
  type Evidence,
  type Finding,
  type SeenClock,
} from './check.ts'
import { timeOf } from './current-labels.ts'

/** How far a clock may be off without notice, and how far before readers drop labels, in milliseconds. */
const [noticeMs, faultMs] = [30_000, 300_000]

const toSet = 'Set the clock by a time server (NTP), and restart the service'

/** The labeler's clock and ours, told apart by that of the directory; and no label comes from the future. */
export const clockCheck: Check<'endpointClock'> = {
  name: 'clock',
  needs: ['endpointClock'],
  async run(evidence, deps) {
    const ours = evidence.referenceClock ? offsetOf(evidence.referenceClock) : 0
    const findings = [
      ...ownFaults(ours, evidence, deps),
      ...endpointFaults(ours, evidence),
      ...futureFaults(ours, evidence, deps),
    ]
    const { endpointClock } = evidence
    const shown =
      endpointClock === 'not shown'
        ? 'the labeler shows no Date'
        : `${describe(offsetOf(endpointClock) - ours)} beside the directory`
    return combine(findings, `${shown}; no label is from the future`)
  },
}

/** By how much a shown clock is ahead of ours; a `Date` has whole seconds, so half a second is added. */
function offsetOf({ shownMs, seenAtMs }: SeenClock): number {
  return shownMs + 500 - seenAtMs
}

/** `ours` is by how much the directory is ahead of this machine. */
function ownFaults(ours: number, { did }: Partial<Evidence>, { own }: DoctorDeps): Finding[] {
  if (Math.abs(ours) <= noticeMs) return []
  const isLabeler = did !== undefined && did === own?.did
  return [
    {
      status: isLabeler && Math.abs(ours) > faultMs ? 'fail' : 'warn',
      says: `this machine's own clock is ${describe(-ours)} by the directory's`,
      fix: toSet,
    },
  ]
}

function endpointFaults(ours: number, { endpointClock }: Pick<Evidence, 'endpointClock'>): Finding[] {
  if (endpointClock === 'not shown') return []
  const theirs = offsetOf(endpointClock) - ours
  if (Math.abs(theirs) <= noticeMs) return []
  return [
    {
      status: Math.abs(theirs) > faultMs ? 'fail' : 'warn',
      says: `the labeler's clock (its Date header) is ${describe(theirs)}`,
      fix: toSet,
    },
  ]
}

/** A `cts` of the future outlives every later negation that is dated rightly. */
function futureFaults(ours: number, { window }: Partial<Evidence>, { now }: DoctorDeps): Finding[] {
  const limit = now().getTime() + ours + noticeMs
  const future = (window?.labels ?? []).filter(({ label }) => timeOf(label.cts) > limit)
  const newest = future.at(-1)
  if (newest === undefined) return []
  const ahead = describe(timeOf(newest.label.cts) - now().getTime() - ours)
  return [
    {
      status: timeOf(newest.label.cts) > limit + faultMs ? 'fail' : 'warn',
      says: `${counted(future.length, 'label')} from the future (seq ${newest.seq} is ${ahead}): nothing can withdraw it until then`,
      fix: `${toSet}; then withdraw what has a date of the future once its time has come`,
    },
  ]
}

function describe(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000)
  if (seconds <= 1) return 'right'
  const [amount, unit] =
    seconds < 120
      ? [seconds, 's']
      : seconds < 5_400
        ? [Math.round(seconds / 60), 'min']
        : [Math.round(seconds / 3_600), 'h']
  return `${amount} ${unit} ${ms > 0 ? 'ahead' : 'behind'}`
}
