/*
 * The entry of a builder thread: gathers rows and sorts them into the tables of a search, in shared memory, so that the
 * thread that searches never waits. It is told what to do by `rows-builder.ts`, one thing at a time.
 */
import { parentPort } from 'node:worker_threads'
import { instantiateHamming } from './hamming-kernel.ts'
import { HashRows, hashBytes, type SharedRows } from './hash-rows.ts'
import { readerBytes } from './rows-layout.ts'

/** What a builder is asked for. */
export type BuildTask =
  /** Copies the rows of `inputs` that are not removed to `output`, or takes those that it has when there is no input. */
  | { readonly kind: 'gather'; readonly inputs: readonly SharedRows[]; readonly output: SharedRows }
  /** Sorts the rows into the tables of some slots. `part` is the number of this thread among those that do. */
  | {
      readonly kind: 'sort'
      readonly rows: SharedRows
      readonly fromSlot: number
      readonly toSlot: number
      readonly part: number
    }
  /** Writes who owns the gathered rows, where the sorting had its scratch. */
  | { readonly kind: 'finish'; readonly rows: SharedRows }

/** What a builder answers: how many rows there are, after `gather`. */
export type BuildReply = { readonly count: number }

/** Readers whose scratch the builders use: nobody searches rows that are being built with the third and the fourth. */
const firstBuilder = 2

let owners: { readonly contents: Uint32Array; readonly banks: Uint16Array } | undefined

parentPort?.on('message', (task: BuildTask) => {
  let count = 0
  if (task.kind === 'gather') count = gather(task.inputs, task.output)
  else if (task.kind === 'sort') sort(task)
  else finish(task.rows)
  parentPort?.postMessage({ count } satisfies BuildReply)
})

function gather(inputs: readonly SharedRows[], shared: SharedRows): number {
  const output = HashRows.open(shared)
  const { contents, banks, hashes } = regionsOf(output, shared.capacity)
  if (inputs.length === 0) {
    owners = { contents: contents.slice(0, shared.count), banks: banks.slice(0, shared.count) }
    return shared.count
  }
  owners = { contents: new Uint32Array(shared.capacity), banks: new Uint16Array(shared.capacity) }
  let count = 0
  for (const one of inputs) {
    const input = HashRows.open(one)
    const from = regionsOf(input, one.count)
    for (let row = 0; row < one.count; ) {
      // Runs of rows that stay are copied in one piece.
      const start = row
      while (row < one.count && !input.isRemoved(row)) row++
      hashes.set(from.hashes.subarray(start * hashBytes, row * hashBytes), count * hashBytes)
      owners.contents.set(from.contents.subarray(start, row), count)
      owners.banks.set(from.banks.subarray(start, row), count)
      count += row - start
      while (row < one.count && input.isRemoved(row)) row++
    }
  }
  return count
}

function sort({ rows, fromSlot, toSlot, part }: Extract<BuildTask, { kind: 'sort' }>): void {
  const { layout, memory } = HashRows.open(rows)
  const { tables } = layout
  if (!tables) throw new TypeError('Expected rows with tables but received rows without')
  const { offsets, prints, printsPitch, ids, idsPitch } = tables
  const lowBytes = layout.contents + part * rows.count
  const scratch = layout.scratch + (firstBuilder + part) * readerBytes
  instantiateHamming(memory).build(
    rows.count,
    fromSlot,
    toSlot,
    layout.hashes,
    offsets,
    prints,
    printsPitch,
    ids,
    idsPitch,
    lowBytes,
    scratch,
  )
}

function finish(rows: SharedRows): void {
  if (!owners) throw new TypeError('Expected gathered rows to finish')
  const { contents, banks } = regionsOf(HashRows.open(rows), rows.count)
  contents.set(owners.contents.subarray(0, rows.count))
  banks.set(owners.banks.subarray(0, rows.count))
  owners = undefined
}

function regionsOf({ layout, memory: { buffer } }: HashRows, count: number) {
  return {
    hashes: new Uint8Array(buffer, layout.hashes, count * hashBytes),
    contents: new Uint32Array(buffer, layout.contents, count),
    banks: new Uint16Array(buffer, layout.banks, count),
  }
}
