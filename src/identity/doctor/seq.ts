import { type Check, combine, type DoctorDeps, type Finding } from './check.ts'
import { readStream, type StreamReading } from './read-stream.ts'
import { orderFaults } from './replay.ts'

/** How many looks the search for the end of the stream may take. */
const maxProbes = 60

/** The stream goes on after any cursor, by rising seq, to its newest label. */
export const seqCheck: Check<'endpoint' | 'upgrade' | 'replay'> = {
  name: 'seq',
  needs: ['endpoint', 'upgrade', 'replay'],
  gives: ['window'],
  async run({ endpoint, replay }, deps, signal) {
    const first = replay.labels[0]
    const newest = replay.labels.at(-1)
    if (first === undefined || newest === undefined) {
      return {
        status: 'ok',
        says: 'nothing is numbered yet',
        learned: { window: { labels: [], isWhole: true } },
      }
    }
    const latest = replay.isWhole ? undefined : await readLatest(endpoint, newest.seq, deps, signal)
    const window = latest === undefined ? replay : { labels: latest.labels, isWhole: false }
    const findings = [
      ...orderFaults(latest?.seqs ?? []),
      ...(await resumeFaults(endpoint, first.seq, deps, signal)),
    ]
    const last = Math.max(newest.seq, window.labels.at(-1)?.seq ?? 0)
    const ok = `rises from ${first.seq} to ${last}, and goes on after a cursor`
    return { ...combine(findings, ok), learned: { window } }
  },
}

/** A cursor is the last seq that a subscriber has: what comes next lies above it. */
async function resumeFaults(
  endpoint: URL,
  cursor: number,
  deps: DoctorDeps,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { labels } = await readStream(endpoint, { cursor, maxLabels: 1 }, deps, signal)
  const next = labels[0]?.seq
  if (next === undefined || next > cursor) return []
  const says = `after cursor=${cursor} the stream goes on with seq ${next}`
  if (next < cursor) {
    return [
      {
        status: 'fail',
        says: `${says}: a subscriber that returns starts anew every time`,
        fix: 'Send labels with a seq above the cursor',
      },
    ]
  }
  return [
    {
      status: 'warn',
      says: `${says}, which the subscriber has already`,
      fix: 'Send labels with a seq strictly above the cursor',
    },
  ]
}

/**
 * Finds the end of a long stream without reading it all: a cursor beyond the end gives an error or silence, one before it
 * gives a label at once. Steps grow until one is beyond, then the span is halved; the last stretch is read.
 */
async function readLatest(
  endpoint: URL,
  known: number,
  deps: DoctorDeps,
  signal: AbortSignal,
): Promise<StreamReading> {
  let [before, beyond] = [known, Number.POSITIVE_INFINITY]
  // How near the end the search comes before the rest is read, in seqs.
  const nearEnd = Math.ceil(deps.limits.maxLabels / 4)
  let step = nearEnd
  for (let probes = 0; probes < maxProbes && beyond - before > nearEnd; probes++) {
    const cursor = beyond === Number.POSITIVE_INFINITY ? before + step : Math.floor((before + beyond) / 2)
    step *= 4
    const { labels } = await readStream(endpoint, { cursor, maxLabels: 1 }, deps, signal)
    const next = labels[0]?.seq
    if (next !== undefined && next > cursor) before = next
    else beyond = cursor
  }
  const wanted = { cursor: Math.max(0, before - nearEnd), maxLabels: deps.limits.maxLabels }
  return readStream(endpoint, wanted, deps, signal)
}
