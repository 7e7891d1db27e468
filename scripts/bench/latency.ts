import { fork } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import type { Account } from '../../test/support/accounts.ts'
import { bankPicture, createServiceFolder, openServiceTools } from '../../test/support/service.ts'
import type { Bench, BenchResult } from '../bench-result.ts'
import { childPids, cpuMsOf } from './cpu-time.ts'
import { diskWaits } from './disk-waits.ts'
import { endProcess } from './end-process.ts'
import type { NetworkPlaces } from './latency-network.ts'
import {
  compress,
  createAccounts,
  drawOriginals,
  postEvenly,
  type Upload,
  uploadCopies,
} from './latency-posts.ts'
import { eventTimes, type LabelWatch, openLabelWatch } from './latency-watch.ts'
import { median, percentile } from './median.ts'
import { startService } from './service-process.ts'

const perSecond = 20
/**
 * Posted before each round, and not measured with it: a PDS that has rested looks for new commits once a second, and tells of all
 * that came by then at once.
 */
const leadIn = 2 * perSecond
const accountCount = 40
const originalCount = 8
const stageNames = ['resolve', 'fetch', 'decode', 'hash', 'match', 'sign', 'apply'] as const

type Goals = { readonly p50?: number; readonly p99?: number }

/** What is posted, what its labels may take, and whether the bank is told of the very bytes beforehand. */
type Kind = {
  readonly name: string
  readonly goals: Goals
  readonly isBanked: boolean
}
const kinds: readonly Kind[] = [
  { name: 'near copies, by PDQ', goals: { p50: 120, p99: 400 }, isBanked: false },
  { name: 'banked CIDs', goals: { p99: 40 }, isBanked: true },
]

/** A line of the service's log about a job. */
type JobLine = {
  readonly msg: string
  readonly uri: string
  /** ISO 8601. */
  readonly time: string
  readonly durationMs: number
  readonly outcome: string
  readonly timings: Readonly<Record<string, number>>
}

/** One post, in milliseconds. */
type Sample = {
  /** From the PDS's answer, and from the event's leaving the Jetstream stand-in, to the label's frame at the subscriber. */
  readonly post: number
  readonly event: number
  /** From the event to the job's start, the job, and from its end to the subscriber. */
  readonly wait: number
  readonly job: number
  readonly tail: number
  readonly timings: Readonly<Record<string, number>>
  /** The processor time of its round, by process, and by post. */
  readonly cpu: readonly number[]
}

/** A round: its posts in their order, and the longest time from the event of those that came at once before it. */
type Round = { readonly samples: readonly Sample[]; readonly atOnceMs: number }

type World = {
  readonly places: NetworkPlaces
  readonly accounts: readonly Account[]
  readonly pictures: readonly Buffer[]
  readonly watch: LabelWatch
  readonly jobs: ReadonlyMap<string, JobLine>
  /** Processor time so far, in milliseconds, of the network, the service and its hashing processes. */
  readonly cpu: () => readonly number[]
  readonly bank: (uploads: readonly Upload[]) => Promise<void>
  /** The number of the next copy. */
  next: number
}

/**
 * From a post to its label at a subscriber, with every part real and on this machine: PLC, PDS and a Jetstream stand-in that
 * follows the PDS's firehose in one process, the service in its own with its hashing processes, the subscriber and whoever
 * posts in this one. Pictures are uploaded beforehand, and posted evenly by forty accounts whose documents the service has.
 * The goals are for the time from the event on: before it the PDS, which looks for new commits to tell of now and then, is alone.
 */
export const bench: Bench = {
  name: 'latency',
  summary: 'Milliseconds from a post to its label at a subscriber, at 20 images a second',
  async run({ isQuick }) {
    const [rounds, count] = isQuick ? [1, 60] : [3, 300]
    const loadBefore = loadavg()[0] ?? 0
    // An image waits for the disk once, at its end.
    const waits = diskWaits()
    await using stack = new AsyncDisposableStack()
    const world = await openWorld(stack)
    await measure(world, kinds[0] as Kind, accountCount * 2)
    const measured = new Map<Kind, Round[]>(kinds.map((kind) => [kind, []]))
    for (let round = 0; round < rounds; round++)
      for (const kind of kinds) measured.get(kind)?.push(await measure(world, kind, count))
    return [
      ...[...measured].flatMap(([kind, of]) => resultsOf(kind, of, !isQuick)),
      { name: 'load of the machine before', value: loadBefore, unit: 'processes' },
      { name: 'a wait for the disk before, p50', value: percentile(waits, 0.5), unit: 'ms' },
      { name: 'a wait for the disk before, p99', value: percentile(waits, 0.99), unit: 'ms' },
    ]
  },
}

async function openWorld(stack: AsyncDisposableStack): Promise<World> {
  const network = stack.adopt(fork(new URL('latency-network.ts', import.meta.url)), endProcess)
  const [places] = (await once(network, 'message')) as [NetworkPlaces]
  const folder = stack.use(createServiceFolder(places, { HARRIER_HASH_PROCESSES: '2' }))
  const originals = await drawOriginals(originalCount)
  for (const original of originals) await bankPicture(folder, original)
  const jobs = new Map<string, JobLine>()
  const service = stack.use(
    await startService({ ...folder.env, HARRIER_LOG_LEVEL: 'info' }, (line) => {
      const entry = JSON.parse(line) as JobLine
      if (entry.msg === 'job.done') jobs.set(entry.uri, entry)
    }),
  )
  return {
    places,
    accounts: await createAccounts(places.pdsUrl, accountCount),
    pictures: await compress(originals),
    watch: stack.use(await openLabelWatch(service.publicUrl)),
    jobs,
    cpu: () => [cpuMsOf([network.pid as number]), cpuMsOf([service.pid]), cpuMsOf(childPids(service.pid))],
    async bank(uploads) {
      await using tools = await openServiceTools(folder)
      const known = await tools.banks.find('known')
      if (!known) throw new Error('Expected bank known but there is none')
      for (const { sha256 } of uploads)
        await tools.banks.add(known, [{ type: 'sha256', value: sha256, quality: 100 }], 'bench')
    },
    next: 0,
  }
}

async function measure(world: World, kind: Kind, count: number): Promise<Round> {
  const total = leadIn + count
  const uploads = await uploadCopies(world.accounts, world.pictures, world.next, total)
  world.next += total
  if (kind.isBanked) await world.bank(uploads)
  await setTimeout(1000)
  const before = world.cpu()
  const posts = await postEvenly(uploads, perSecond)
  const uris = posts.map(({ uri }) => uri)
  const labeled = await world.watch.arrivals(uris)
  const cpu = world.cpu().map((ms, n) => (ms - (before[n] ?? 0)) / total)
  // The log is written behind the label.
  for (let looks = 0; looks < 100 && uris.some((uri) => !world.jobs.has(uri)); looks++) await setTimeout(100)
  const events = await eventTimes(world.places.jetstreamUrl, uris)
  const samples = posts.map(({ uri, answeredAt }) => {
    const line = world.jobs.get(uri)
    const [labeledAt, eventAt] = [labeled.get(uri) ?? Number.NaN, events.get(uri) ?? Number.NaN]
    const expected = kind.isBanked ? 'digest-only' : 'hashed'
    if (line?.outcome !== expected) throw new Error(`Expected ${expected} but received ${line?.outcome}`)
    const endedAt = Date.parse(line.time)
    return {
      post: labeledAt - answeredAt,
      event: labeledAt - eventAt,
      wait: endedAt - line.durationMs - eventAt,
      job: line.durationMs,
      tail: labeledAt - endedAt,
      timings: line.timings,
      cpu,
    }
  })
  const atOnceMs = Math.max(...samples.slice(0, leadIn).map(({ event }) => event))
  return { samples: samples.slice(leadIn), atOnceMs }
}

/** Medians of the rounds. */
function resultsOf(
  { name, goals, isBanked }: Kind,
  rounds: readonly Round[],
  isFull: boolean,
): BenchResult[] {
  const of = (share: number, value: (sample: Sample) => number): number =>
    median(rounds.map(({ samples }) => percentile(samples.map(value), share)))
  const goalOf = (ms: number | undefined, value: number) =>
    ms === undefined || !isFull ? {} : { goal: `at most ${ms}`, met: value <= ms }
  const both = (what: string, from: 'post' | 'event'): BenchResult[] => {
    const [p50, p99] = [of(0.5, (sample) => sample[from]), of(0.99, (sample) => sample[from])]
    const { p50: goal50, p99: goal99 }: Goals = from === 'event' ? goals : {}
    return [
      { name: `${name}, ${what}, p50`, value: p50, unit: 'ms', ...goalOf(goal50, p50) },
      { name: `${name}, ${what}, p99`, value: p99, unit: 'ms', ...goalOf(goal99, p99) },
    ]
  }
  const part = (what: string, value: (sample: Sample) => number): BenchResult[] => [
    { name: `${name}: ${what}, p50`, value: of(0.5, value), unit: 'ms' },
    { name: `${name}: ${what}, p99`, value: of(0.99, value), unit: 'ms' },
  ]
  return [
    ...both('from the event', 'event'),
    ...both('from the PDS’s answer', 'post'),
    {
      name: `${name}, from the event, the last of those that came at once after a rest`,
      value: median(rounds.map(({ atOnceMs }) => atOnceMs)),
      unit: 'ms',
    },
    ...part('event to job', (sample) => sample.wait),
    ...part('the job', (sample) => sample.job),
    ...stageNames
      .filter((stage) => !isBanked || stage === 'match' || stage === 'sign' || stage === 'apply')
      .flatMap((stage) => part(stage, ({ timings }) => timings[`${stage}Ms`] ?? 0)),
    ...part('job to subscriber', (sample) => sample.tail),
    ...['the network', 'the service', ...(isBanked ? [] : ['its hashing processes'])].map((process, n) => ({
      name: `${name}: processor time of ${process}, for each post`,
      value: of(0.5, ({ cpu }) => cpu[n] ?? 0),
      unit: 'ms',
    })),
  ]
}
