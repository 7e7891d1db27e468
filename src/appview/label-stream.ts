import { createDeadline } from '../lib/deadline.ts'
import type { Did } from '../model/ids.ts'
import type { AppviewStore } from './appview-store.ts'
import type { LabelRefusal } from './check-label.ts'
import type { LabelSocket } from './label-socket.ts'
import type { LabelState } from './label-state.ts'
import type { LabelVerifier } from './label-verifier.ts'
import type { LabelerObserver } from './labeler-observer.ts'
import { type ReadBatch, readBatch } from './read-batch.ts'
import type { SessionEnd } from './session-end.ts'

/** What reading one connection needs. */
export type LabelStreamDeps = {
  readonly labeler: Did
  readonly socket: LabelSocket
  readonly verifier: LabelVerifier
  readonly store: Pick<AppviewStore, 'commit'>
  readonly observer: Pick<LabelerObserver, 'committed' | 'frameRefused' | 'info'>
  /** The labeler takes the cursor: the stream is open. Called at most once. */
  readonly onConnected: () => void
  readonly now: () => Date
}

/** How a connection is read. */
export type LabelStreamOptions = {
  /** Frames that are written in one transaction at most. */
  readonly batchFrames: number
  /** A stream that was quiet for so long has shown all that there is; undefined follows it for ever. Milliseconds. */
  readonly idleMs: number | undefined
}

/** What is still refused in this time after the upgrade is an answer to our cursor, and not a connection. */
const settleMs = 1_000
/** Milliseconds to wait for more frames to commit together. */
const lingerMs = 10

/**
 * Writes what comes out of a connection until it ends, the signal is aborted (a batch in hand is finished first) or the
 * stream is quiet for `idleMs`. `cursor` is where the table is.
 * @throws what the store throws, and what asking for a key throws; nothing of that batch is written.
 */
export async function readLabelStream(
  deps: LabelStreamDeps,
  options: LabelStreamOptions,
  cursor: number | undefined,
  signal: AbortSignal,
): Promise<SessionEnd> {
  const { labeler, socket, observer, onConnected } = deps
  let [after, isOpen, isConnected] = [cursor, false, false]
  const connect = (): void => {
    if (!isConnected) onConnected()
    isConnected = true
  }
  while (true) {
    const quietMs = isOpen && !isConnected ? settleMs : isOpen ? options.idleMs : undefined
    const wait = quietMs === undefined ? signal : createDeadline(quietMs, signal)
    const items = await socket.take({ maxItems: options.batchFrames, lingerMs }, wait)
    if (signal.aborted) return { reason: 'stopped', detail: undefined }
    if (items.length === 0) {
      if (isConnected && options.idleMs !== undefined) return { reason: 'caught-up', detail: undefined }
      connect()
      continue
    }
    const batch = readBatch(items, labeler)
    isOpen ||= batch.hasOpened
    if (batch.seq !== undefined) connect()
    for (const name of batch.infos) observer.info(name, after)
    for (const reason of batch.refusedFrames) observer.frameRefused(reason)
    if (batch.seq !== undefined) after = await commitBatch(deps, batch, after, batch.seq, signal)
    if (batch.end) return batch.end
  }
}

/** Returns the new cursor. What a labeler sends below our cursor is taken, for the newest label wins; the cursor stays. */
async function commitBatch(
  { labeler, verifier, store, observer, now }: LabelStreamDeps,
  batch: ReadBatch,
  after: number | undefined,
  seq: number,
  signal: AbortSignal,
): Promise<number> {
  const wellFormed = batch.labels.filter((label) => label.kind === 'label')
  const refusals: LabelRefusal[] = batch.labels.flatMap((label) =>
    label.kind === 'refused' ? label.reason : [],
  )
  const verdicts = await verifier.verify(
    wellFormed.map(({ wire }) => wire),
    signal,
  )
  const labels: LabelState[] = []
  for (const [index, { state }] of wellFormed.entries()) {
    const verdict = verdicts[index] as (typeof verdicts)[number]
    if (verdict === 'valid') labels.push(state)
    else refusals.push(verdict)
  }
  const cursor = Math.max(after ?? 0, seq)
  const outcomes = await store.commit({ labeler, labels, after, cursor })
  const last = labels.at(-1)
  const lagMs = last && Math.max(0, now().getTime() - new Date(last.cts).getTime())
  observer.committed({ outcomes, cursor, lagMs, refusals })
  return cursor
}
