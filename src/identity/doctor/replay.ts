import { type Check, combine, counted, type Finding } from './check.ts'
import { readStream, type StreamReading } from './read-stream.ts'

/** `cursor=0` replays the labels from the first one, in frames that are right, by rising seq. */
export const replayCheck: Check<'endpoint' | 'upgrade'> = {
  name: 'replay',
  needs: ['endpoint', 'upgrade'],
  gives: ['replay'],
  async run({ endpoint }, deps, signal) {
    const reading = await readStream(
      endpoint,
      { cursor: 0, maxLabels: deps.limits.maxLabels, isPatient: true },
      deps,
      signal,
    )
    const { labels, end } = reading
    const findings = [...endFaults(reading), ...frameFaults(reading), ...orderFaults(reading.seqs)]
    const isWhole = end.kind === 'quiet'
    const count = isWhole ? counted(labels.length, 'label') : `the first ${counted(labels.length, 'label')}`
    return {
      ...combine(
        findings,
        labels.length === 0
          ? 'there are no labels yet'
          : `cursor=0 replays ${count}, from seq ${labels[0]?.seq}`,
      ),
      learned: { replay: { labels, isWhole } },
    }
  },
}

/** Returns what is wrong with the order of messages: seq must be positive and rise from one to the next. */
export function orderFaults(seqs: readonly number[]): Finding[] {
  const findings: Finding[] = []
  if ((seqs[0] ?? 1) < 1) {
    findings.push({
      status: 'fail',
      says: `seq begins with ${seqs[0]}, and must be positive`,
      fix: 'Number labels from 1',
    })
  }
  const back = seqs.findIndex((seq, i) => i > 0 && seq <= (seqs[i - 1] as number))
  if (back > 0) {
    const [before, after] = [seqs[back - 1], seqs[back]]
    findings.push({
      status: 'fail',
      says: `seq ${before === after ? `stays at ${after}` : `goes back from ${before} to ${after}`}: subscribers stop, or skip labels`,
      fix: 'Number labels by one counter that survives restarts, and send them in its order; after a lost database go on well above the old numbers',
    })
  }
  return findings
}

function endFaults({ end, labels, infos }: StreamReading): Finding[] {
  const findings: Finding[] = []
  if (infos.includes('OutdatedCursor')) {
    findings.push({
      status: 'warn',
      says: 'the stream no longer replays its oldest labels (OutdatedCursor): a new subscriber never learns of them',
      fix: 'Keep all labels that hold in the replay',
    })
  }
  if (end.kind === 'quiet' || end.kind === 'enough') return findings
  const what =
    end.kind === 'error-frame'
      ? `sends the error ${end.error}`
      : `ends (${end.kind === 'closed' ? end.code : end.kind})`
  const isTooSlow = end.kind === 'error-frame' && end.error === 'ConsumerTooSlow'
  return [
    ...findings,
    {
      status: 'fail',
      says: `with cursor=0 the stream ${what} after ${counted(labels.length, 'label')}: no new subscriber gets the history`,
      fix: isTooSlow
        ? 'The labeler takes every reader for too slow during the replay, as Ozone does while it lags: let it catch up, or send pages with back-pressure'
        : 'Look at the log of the labeler, and at the time-outs of the proxy',
    },
  ]
}

function frameFaults({ malformed }: StreamReading): Finding[] {
  if (malformed.length === 0) return []
  const problems = [...new Set(malformed)].join(', ')
  return [
    {
      status: 'fail',
      says: `messages of the stream are malformed (${problems}): subscribers hang up`,
      fix: 'Send each message as two DAG-CBOR items in one binary WebSocket message, as the event stream specification says',
    },
  ]
}
