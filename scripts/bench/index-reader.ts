/* A thread that looks needles up, as the service does, in rows that another one has built. */
import { parentPort, workerData } from 'node:worker_threads'
import { HashRows, type SharedRows } from '../../src/match/hash-rows.ts'

/** What the thread is started with. */
export type ReaderData = {
  readonly rows: SharedRows
  readonly reader: number
  readonly needles: Uint32Array
}
/** One round: the needles from `from` on, `count` of them, at a radius. */
export type ReaderTask = { readonly radius: number; readonly from: number; readonly count: number }
/** What came of it: how long each lookup took, in milliseconds, and how many hits there were. */
export type ReaderReply = { readonly durations: Float64Array; readonly hits: number }

const stepEffort = 250_000

if (parentPort) {
  const { rows: shared, reader, needles } = workerData as ReaderData
  const rows = HashRows.open(shared)
  rows.markSorted(shared.count)
  parentPort.on('message', (task: ReaderTask) => {
    parentPort?.postMessage(lookUp(rows, reader, needles, task))
  })
}

/** Does one round in this thread. */
export function lookUp(
  rows: HashRows,
  reader: number,
  needles: Uint32Array,
  { radius, from, count }: ReaderTask,
): ReaderReply {
  const bytes = new Uint8Array(needles.buffer, needles.byteOffset, needles.byteLength)
  const durations = new Float64Array(count)
  let hits = 0
  for (let i = 0; i < count; i++) {
    const at = ((from + i) % (needles.length / 8)) * 32
    const startedAt = performance.now()
    const search = rows.search(bytes.subarray(at, at + 32), radius, reader)
    while (!search.isDone) hits += search.step(stepEffort)
    durations[i] = performance.now() - startedAt
  }
  return { durations, hits }
}
