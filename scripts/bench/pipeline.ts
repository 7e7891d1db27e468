import { join } from 'node:path'
import { parseConfig } from '../../src/config/config.ts'
import { hashPlanOf, hashPoolOptions } from '../../src/resources.ts'
import { openHashPool } from '../../src/scan/hash-pool.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { drawLandscape, recompress } from '../../test/support/images.ts'
import { type Network, openNetwork } from '../../test/support/network.ts'
import { bankPicture, createServiceFolder } from '../../test/support/service.ts'
import type { Bench, BenchResult } from '../bench-result.ts'
import { startService } from './service-process.ts'

const accounts = 8
const imagesPerPost = 4
const stages = ['resolve', 'fetch', 'decode', 'hash', 'match', 'sign', 'apply'] as const

/** Images per second from posts on a real PDS to durable outcomes, and what hashing the same images alone reaches. */
export const bench: Bench = {
  name: 'pipeline',
  summary: 'Images per second end to end from a PDS on this machine, with the time of each stage',
  async run({ isQuick }) {
    const images = await drawImages(isQuick ? 32 : 320)
    const alone = await hashAlone(images)
    await using network = await openNetwork()
    await postAll(network, images)
    using folder = createServiceFolder(network, { HARRIER_HASH_PROCESSES: '2', HARRIER_LOG_LEVEL: 'warn' })
    await bankPicture(folder, images[0] as Buffer)
    const path = join(folder.path, 'harrier.db')
    await using database = await openSqlite({ path })
    await database.cursors.save('jetstream', { host: network.jetstreamUrl, timeUs: 0, seq: undefined })

    const startedAt = performance.now()
    const service = await startService({ ...folder.env, HARRIER_LOG_LEVEL: 'info' })
    const readyAt = performance.now()
    while ((await database.jobs.counts()).done < images.length)
      await new Promise((resolve) => setTimeout(resolve, 50))
    const elapsedMs = performance.now() - readyAt
    const metrics = await (await fetch(`${service.operatorUrl}/metrics`)).text()
    await service[Symbol.asyncDispose]()
    return report({ images: images.length, elapsedMs, startMs: readyAt - startedAt, alone, metrics })
  },
}

/** Distinct JPEGs of 1000x750 pixels: sixteen landscapes, each at many qualities. */
async function drawImages(count: number): Promise<Buffer[]> {
  const drawn = await Promise.all(
    Array.from({ length: 16 }, (_, seed) => drawLandscape(seed, { width: 1000, height: 750 })),
  )
  const images: Buffer[] = []
  for (let i = 0; i < count; i++)
    images.push(await recompress(drawn[i % 16] as Buffer, 95 - Math.floor(i / 16)))
  return images
}

/** The limit: the same images through the same processes, with nothing else to do. Returns images per second. */
async function hashAlone(images: readonly Buffer[]): Promise<number> {
  const { config } = parseConfig({ HARRIER_HASH_PROCESSES: '2' })
  await using pool = openHashPool({ ...hashPoolOptions(config), maxQueue: images.length })
  const never = new AbortController().signal
  const plan = hashPlanOf(config, { profiles: ['reference-512'], hasSha1: false })
  await Promise.all(images.slice(0, 4).map((image) => pool.hash(image, plan, never)))
  const startedAt = performance.now()
  await Promise.all(images.map((image) => pool.hash(image, plan, never)))
  return (images.length / (performance.now() - startedAt)) * 1000
}

async function postAll(network: Network, images: readonly Buffer[]): Promise<void> {
  const authors = await Promise.all(
    Array.from({ length: accounts }, (_, i) => network.createAccount(`poster${i}.test`)),
  )
  for (let i = 0; i * imagesPerPost < images.length; i++) {
    const author = authors[i % accounts] as (typeof authors)[number]
    await network.post(author, `post ${i}`, images.slice(i * imagesPerPost, (i + 1) * imagesPerPost))
  }
}

type Run = { images: number; elapsedMs: number; startMs: number; alone: number; metrics: string }

function report({ images, elapsedMs, startMs, alone, metrics }: Run): BenchResult[] {
  const perSecond = (images / elapsedMs) * 1000
  const sum = (stage: string): number =>
    Number(new RegExp(`stage_duration_seconds_sum\\{stage="${stage}"\\} (\\S+)`).exec(metrics)?.[1])
  return [
    { name: 'images end to end', value: Math.round(perSecond), unit: '/s' },
    { name: 'hashing alone', value: Math.round(alone), unit: '/s' },
    { name: 'end to end, of hashing alone', value: Math.round((perSecond / alone) * 100), unit: '%' },
    { name: 'start of the service', value: Math.round(startMs), unit: 'ms' },
    ...stages.map((stage) => ({ name: `${stage}, mean`, value: (sum(stage) / images) * 1000, unit: 'ms' })),
  ]
}
