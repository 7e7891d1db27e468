/**
 * Calls between the processes of the labels benchmark: what serves, what loads it and what measures are apart, so that
 * none of them pays for another.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'

/** What a process can be asked for. Arguments and results are copied. */
export type Calls = { readonly [name: string]: (...args: never[]) => Promise<unknown> }

/** Another process that answers calls. Disposal ends it. */
export type Callee<Of extends Calls> = AsyncDisposable & {
  readonly pid: number
  call<Name extends keyof Of & string>(name: Name, ...args: Parameters<Of[Name]>): ReturnType<Of[Name]>
}

type Request = { readonly id: number; readonly name: string; readonly args: never[] }
type Answer = { readonly id: number; readonly result?: unknown; readonly error?: string }

/** Answers the calls of the parent process until that is gone. */
export function answerCalls(calls: Calls): void {
  process.on('message', ({ id, name, args }: Request) => {
    const answer = (rest: Omit<Answer, 'id'>): void => void process.send?.({ id, ...rest })
    void (calls[name] as (...args: never[]) => Promise<unknown>)(...args).then(
      (result) => answer({ result }),
      (error: unknown) =>
        answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
  process.once('disconnect', () => process.exit())
}

/** Starts a module of this folder as a process. */
export function openCallee<Of extends Calls>(module: string): Callee<Of> {
  const child = fork(new URL(module, import.meta.url), { serialization: 'advanced' })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  child.on('message', ({ id, result, error }: Answer) => {
    if (error === undefined) waiting.get(id)?.resolve(result)
    else waiting.get(id)?.reject(new Error(`${module}: ${error}`))
    waiting.delete(id)
  })
  child.on('exit', (code) => {
    for (const { reject } of waiting.values())
      reject(new Error(`Expected ${module} to live but it ended: ${code}`))
  })
  let calls = 0
  return {
    pid: child.pid as number,
    call(name, ...args) {
      const id = (calls += 1)
      const answer = Promise.withResolvers<unknown>()
      waiting.set(id, answer)
      child.send({ id, name, args })
      return answer.promise as ReturnType<Of[typeof name]>
    },
    async [Symbol.asyncDispose]() {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

/** Milliseconds of a clock that all processes of this machine share. */
export function sharedNow(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** When a label was asked for, by the clock that processes share, at the index of its seq less that of the first. */
export type Published = { readonly firstSeq: number; readonly times: Float64Array }

/** Publishes labels at a steady rate, none waiting for the one before, and tells when each was asked for. */
export async function publishPaced<Item>(
  items: readonly Item[],
  perSecond: number,
  publish: (item: Item) => Promise<number>,
): Promise<Published> {
  const startedAt = performance.now()
  const asked: { readonly at: number; readonly seq: Promise<number> }[] = []
  for (const [i, item] of items.entries()) {
    const waitMs = startedAt + (i * 1000) / perSecond - performance.now()
    if (waitMs > 0) await pause(waitMs)
    asked.push({ at: sharedNow(), seq: publish(item) })
  }
  const seqs = await Promise.all(asked.map(({ seq }) => seq))
  const firstSeq = Math.min(...seqs)
  const times = new Float64Array(items.length)
  for (const [i, seq] of seqs.entries()) times[seq - firstSeq] = asked[i]?.at ?? Number.NaN
  return { firstSeq, times }
}

/** Publishes something of each item, so many at once, and returns how many were durable a second. */
export async function publishAtOnce<Item>(
  items: readonly Item[],
  inFlight: number,
  publish: (item: Item) => Promise<number>,
): Promise<number> {
  const left = items.values()
  const startedAt = performance.now()
  const runners = Array.from({ length: inFlight }, async () => {
    for (const item of left) await publish(item)
  })
  await Promise.all(runners)
  return (items.length / (performance.now() - startedAt)) * 1000
}

/** What both labelers can do in the benchmark. */
export type LabelerCalls = {
  /** Opens the labeler over a database file, which may be there already, and returns its address. */
  open(path: string): Promise<string>
  /** Creates, signs and stores labels, so many at once; returns how many a second. */
  create(count: number, inFlight: number): Promise<number>
  publish(count: number, perSecond: number): Promise<Published>
}

/** What only Harrier does: a label that is the end of a job, with its matches, its evidence and its audit rows. */
export type HarrierCalls = LabelerCalls & { endJobs(count: number, inFlight: number): Promise<number> }
