import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateSigningKey } from '../src/atproto/signing-key.ts'
import type { SequencedLabel } from '../src/model/label.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { checkAudit } from './support/audit.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { type ReceivedLabel, subscribeLabels } from './support/label-subscriber.ts'
import { sinceStarted } from './support/mortal-life.ts'
import { type Network, openNetwork } from './support/network.ts'
import { bankPicture, createServiceFolder, type ServiceFolder } from './support/service.ts'

describe('a service that is killed after any durable step', () => {
  const stack = new AsyncDisposableStack()
  // Shared by every life, since each would compile the same again.
  const compiled = mkdtempSync(join(tmpdir(), 'harrier-compiled-'))
  stack.defer(() => rmSync(compiled, { recursive: true }))
  let network: Network
  let prepared: ServiceFolder
  let uris: string[]

  beforeAll(async () => {
    network = stack.use(await openNetwork())
    const [alice, bob] = [await network.createAccount('alice.test'), await network.createAccount('bob.test')]
    const picture = await recompress(await drawLandscape(1, { width: 320, height: 240 }), 90)
    const copy = await recompress(picture, 70)
    const other = await recompress(await drawLandscape(2, { width: 320, height: 240 }), 90)
    const posts = [
      await network.post(alice, 'the picture', [picture]),
      await network.post(bob, 'a copy and another', [copy, other]),
    ]
    uris = posts.map((post) => post.uri)
    const key = (await generateSigningKey()).exportHex()
    prepared = stack.use(
      createServiceFolder(network, { HARRIER_LABELER_DID: alice.did, HARRIER_SIGNING_KEY: key }),
    )
    await bankPicture(prepared, picture)
    await using db = await openSqlite({ path: join(prepared.path, 'harrier.db') })
    // Everything that the network has said is still to be read.
    await db.cursors.save('jetstream', { host: network.jetstreamUrl, timeUs: 0, seq: undefined })
  })
  afterAll(() => stack.disposeAsync())

  it.each([
    ['at once', 'none'],
    ['through the queue', '1000/s'],
  ])(
    'loses nothing, doubles nothing, and keeps what subscribers have seen: labels go out %s',
    async (_, budget) => {
      let survived = 0
      const deaths: number[] = []
      // Two lives at a time, one per core, until two in a row were too short to be killed.
      for (let step = 1; survived === 0; step += 2) {
        const lives = await Promise.all([step, step + 1].map((n) => liveAndDie(n, budget)))
        for (const [i, { wasKilled, state, seen }] of lives.entries()) {
          expect(state.labels.map(({ uri }) => uri).sort(), `labels after step ${step + i}`).toEqual(
            uris.toSorted(),
          )
          expect(state.matches, `matches after step ${step + i}`).toBe(2)
          expect(state.audit, `audit after step ${step + i}`).toMatchObject({ kind: 'intact' })
          expect(state.matchRows, `rows of matches after step ${step + i}`).toBe(2)
          expect(state.jobs).toEqual({ pending: 0, done: 3, cancelled: 0, dead: 0 })
          for (const { seq, cts } of seen)
            expect(state.labels.find((label) => label.seq === seq)?.cts).toBe(cts)
          if (wasKilled) deaths.push(step + i)
          else survived += 1
        }
      }
      // Batches of events, claims, documents of two accounts, and three jobs that end.
      expect(deaths.length).toBeGreaterThanOrEqual(7)
    },
    400_000,
  )

  /** Runs a service that dies after `step`, then one that does not, and reads what they leave. */
  async function liveAndDie(step: number, budget: string) {
    using folder = createServiceFolder(network, { ...prepared.env })
    cpSync(prepared.path, folder.path, { recursive: true })
    const env = { ...prepared.env, HARRIER_DATA_DIR: folder.path, HARRIER_EMISSION_BUDGET: budget }
    const first = await live(env, step)
    const second = first.wasKilled ? await live(env, 0) : first
    expect(second.wasKilled).toBe(false)
    return {
      wasKilled: first.wasKilled,
      state: await readState(folder.path),
      seen: [...first.seen, ...second.seen],
    }
  }

  /** Runs the service until both posts are labeled and every job has ended, or until it dies. */
  async function live(env: ServiceFolder['env'], killAfter: number) {
    const program = join(import.meta.dirname, 'support/mortal-service.ts')
    // The start is the same through the queue.
    const since = env['HARRIER_EMISSION_BUDGET'] === 'none' ? [] : [sinceStarted]
    const args = [program, String(killAfter), ...since]
    const child = spawn(process.execPath, args, {
      env: { ...env, NODE_COMPILE_CACHE: compiled },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exit = once(child, 'exit') as Promise<[number | null, string | null]>
    const seen: { seq: number; cts: string }[] = []
    await Promise.race([exit, followToTheEnd(child, env, seen)])
    child.kill('SIGTERM')
    const [, signal] = await exit
    return { wasKilled: signal === 'SIGKILL', seen }
  }

  async function followToTheEnd(
    child: ChildProcess,
    env: ServiceFolder['env'],
    seen: { seq: number; cts: string }[],
  ) {
    const url = await publicUrlOf(child)
    if (url === undefined) return
    const stop = new AbortController()
    const following = follow(url, seen, stop.signal)
    await using db = await openSqlite({ path: join(env['HARRIER_DATA_DIR'] as string, 'harrier.db') })
    const isAtWork = async () =>
      (await db.jobs.counts()).done < 3 || (await db.emissions.lengths()).some(({ count }) => count > 0)
    while (child.exitCode === null && child.signalCode === null && (await isAtWork())) {
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    stop.abort()
    await following
  }

  /** The address in the line that says that the service is up; undefined when it dies before. */
  async function publicUrlOf(child: ChildProcess): Promise<string | undefined> {
    for await (const line of createInterface(child.stdout as NodeJS.ReadableStream)) {
      const entry = JSON.parse(line) as { msg: string; public?: string }
      if (entry.msg === 'app.started') return entry.public
    }
    return undefined
  }

  async function follow(
    url: string,
    seen: { seq: number; cts: string }[],
    signal: AbortSignal,
  ): Promise<void> {
    try {
      for await (const { seq, labels } of subscribeLabels(url, { cursor: 0, signal })) {
        seen.push({ seq, cts: (labels[0] as ReceivedLabel).cts })
      }
    } catch {
      // The service died, which is what this test is about; what was seen until then is what counts.
    }
  }

  async function readState(path: string) {
    await using db = await openSqlite({ path: join(path, 'harrier.db') })
    const labels: SequencedLabel[] = await db.labels.page(0, 100)
    const found = await Promise.all([1, 2, 3, 4, 5, 6].map((id) => db.matches.list(id)))
    const matches = found.flatMap((findings) => findings.matches).length
    const { rows } = await db.audit.page({ limit: 100, offset: 0 })
    const matchRows = rows.filter(({ action }) => action === 'match.found').length
    return { labels, matches, matchRows, audit: await checkAudit(db), jobs: await db.jobs.counts() }
  }
})
