import { Worker } from 'node:worker_threads'
import type { HashRows } from './hash-rows.ts'
import { slots } from './rows-layout.ts'
import type { BuildReply, BuildTask } from './rows-worker.ts'

/** A thread that builds; it starts with its first task and lives until disposal, which ends it at once. */
export class RowsBuilder implements AsyncDisposable {
  #worker: Worker | undefined
  #running: PromiseWithResolvers<BuildReply> | undefined

  /** Does one task; one at a time. Rejects when the thread fails, or is ended: it is then good for the next one. */
  async run(task: BuildTask): Promise<BuildReply> {
    if (this.#running) throw new Error('Expected a builder with nothing to do')
    this.#running = Promise.withResolvers()
    this.#worker ??= this.#start()
    // While it works the process waits for it; a thread with nothing to do keeps nothing alive.
    this.#worker.ref()
    this.#worker.postMessage(task)
    try {
      return await this.#running.promise
    } finally {
      this.#running = undefined
      this.#worker?.unref()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(new URL('./rows-worker.ts', import.meta.url))
    worker.on('message', (reply: BuildReply) => this.#running?.resolve(reply))
    worker.on('error', (error) => this.#running?.reject(error))
    worker.on('exit', () => {
      this.#worker = undefined
      this.#running?.reject(new Error('Expected the builder thread to finish but it was ended'))
    })
    return worker
  }
}

/**
 * Fills `output` with the rows of `inputs` that are not removed, and its tables; without inputs, sorts the rows that it has.
 * The first builder does it, the others help to sort. Whoever searches the inputs can go on. Rejects when a thread fails.
 */
export async function buildRows(
  builders: readonly [RowsBuilder, ...RowsBuilder[]],
  inputs: readonly HashRows[],
  output: HashRows,
): Promise<void> {
  const [first] = builders
  const { count } = await first.run({
    kind: 'gather',
    inputs: inputs.map((rows) => rows.share()),
    output: output.share(),
  })
  const rows = { ...output.share(), count }
  const each = slots / builders.length
  const sorting = builders.map((builder, part) =>
    builder.run({
      kind: 'sort',
      rows,
      fromSlot: Math.floor(part * each),
      toSlot: Math.floor((part + 1) * each),
      part,
    }),
  )
  await Promise.all(sorting)
  await first.run({ kind: 'finish', rows })
  output.markSorted(count)
}
