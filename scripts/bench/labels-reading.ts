import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Callee } from './labels-calls.ts'
import type { LoadCalls } from './labels-load.ts'

/** A labeler that serves: its address, and its process. */
export type Serving = { readonly url: string; readonly pid: number }

/** One round of reading from a labeler that has just started. */
export type Reading = {
  /** Labels a second to one subscriber that reads the whole history. */
  readonly backfill: number
  /** From the subscriber's dialling to its first label. */
  readonly firstMs: number
  /** The most memory that the process held in the backfill, in MB, and what it held before. */
  readonly peakMb: number
  readonly idleMb: number
  /** What other requests waited during the backfill: 99 of 100 less than this. */
  readonly othersMs: number
  /** `queryLabels` for one exact subject, answers a second over 16 connections. */
  readonly exact: number
}

/** How much of everything. */
export type ReadingOptions = {
  readonly labels: number
  readonly uris: readonly string[]
  readonly askMs: number
}

/** Measures one round. `others` are paths that are asked for one after the other while the history is read. */
export async function measureReading(
  { url, pid }: Serving,
  load: Callee<LoadCalls>,
  { labels, uris, askMs }: ReadingOptions,
  others: readonly string[],
): Promise<Reading> {
  const exactPath = (uri: string): string =>
    `/xrpc/com.atproto.label.queryLabels?uriPatterns=${encodeURIComponent(uri)}`
  // Both have served before: what is measured is not the compiler.
  await load.call('ask', url, [...others, ...uris.slice(0, 5).map(exactPath)], 4, askMs / 10)
  const idleMb = memoryOf(pid, 'VmRSS')
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
  const reading = load.call('backfill', url, labels)
  const waits = await waitsUntil(reading, url, others)
  const { firstMs, totalMs } = await reading
  const peakMb = memoryOf(pid, 'VmHWM')
  const exact = await load.call('ask', url, uris.map(exactPath), 16, askMs)
  return {
    backfill: (labels / totalMs) * 1000,
    firstMs,
    peakMb,
    idleMb,
    othersMs: quantile(waits, 0.99),
    exact,
  }
}

/** Asks again and again until the promise has settled; returns how long each answer took, in milliseconds. */
async function waitsUntil(until: Promise<unknown>, url: string, paths: readonly string[]): Promise<number[]> {
  const over = new AbortController()
  const end = (): void => over.abort()
  void until.then(end, end)
  const agent = new Agent({ keepAlive: true })
  const waits: number[] = []
  while (!over.signal.aborted) {
    const startedAt = performance.now()
    const [response] = (await once(
      get(url + (paths[waits.length % paths.length] as string), { agent }),
      'response',
    )) as [NodeJS.ReadableStream]
    response.resume()
    await once(response, 'end')
    waits.push(performance.now() - startedAt)
    await pause(2)
  }
  agent.destroy()
  return waits
}

function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const kib = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return (Number(kib) * 1024) / 1e6
}

/** The value below which this part of the values lies. */
function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}
