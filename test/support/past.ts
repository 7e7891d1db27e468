import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createActing } from '../../src/app-acting.ts'
import { parseConfig } from '../../src/config/config.ts'
import type { Env } from '../../src/config/env.ts'
import { parsePolicy } from '../../src/config/policy.ts'
import { type Curation, createCuration } from '../../src/curate/curate.ts'
import { openMatcher } from '../../src/match/match.ts'
import type { Bank } from '../../src/model/bank.ts'
import { type AtUri, blobCidOf, type Cid, type Did } from '../../src/model/ids.ts'
import type { ImageUse } from '../../src/model/image.ts'
import { noTimings, type ScanResult } from '../../src/model/scan.ts'
import { runJob, type Stages } from '../../src/pipeline.ts'
import { type PolicyReplay, type ReplayWish, replayPolicy } from '../../src/policy-desk.ts'
import type { Database } from '../../src/store/database.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { claimJobs } from './claim-jobs.ts'

/** An image that was posted, at a distance of some bits from what the banks of `openPast` hold. */
export type PastImage = {
  readonly bits: number
  /** The first account unless told. */
  readonly account?: number
  /** The record's key: one of its own unless told. */
  readonly record?: string
  /** What its bytes are called: something of its own unless told. */
  readonly bytes?: string
  readonly use?: ImageUse
  /** False for one whose bytes are not to be had. */
  readonly isHashed?: boolean
  /** When it was looked at; now unless told. */
  readonly at?: Date
}

/** A folder with a database in which the pipeline has looked at images. */
export interface Past extends AsyncDisposable {
  readonly folder: string
  readonly env: Env
  readonly database: Database
  readonly curation: Curation
  /** Creates a bank that holds one content, a hash of zeros; returns it and the content. */
  createBank(name: string): Promise<{ readonly bank: Bank; readonly contentId: number }>
  /** Has the pipeline look at images under a policy; returns their records. */
  look(policy: string, images: readonly PastImage[]): Promise<AtUri[]>
  /** Replays a policy beside the one in force. */
  replay(current: string, other: string, wish?: Partial<ReplayWish>): Promise<PolicyReplay>
}

const accounts: readonly Did[] = [
  'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa',
  'did:plc:bbbbbbbbbbbbbbbbbbbbbbbb',
] as Did[]
/** The looks of every image there. */
export const pastPlan = {
  profiles: ['reference-512'],
  hasSha1: false,
  isOriented: true,
  isFlattened: true,
  frames: 4,
  isTurned: false,
} as const

/** Returns a hash at exactly so many bits from one of zeros. */
function hashAt(bits: number): string {
  return ((1n << BigInt(bits)) - 1n).toString(16).padStart(64, '0')
}

/** Opens an empty past. */
export async function openPast(more: Env = {}): Promise<Past> {
  await using opening = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'harrier-past-'))
  opening.defer(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'data'))
  const policyFile = join(folder, 'policy.yaml')
  const env = { HARRIER_DATA_DIR: join(folder, 'data'), HARRIER_POLICY_FILE: policyFile, ...more }
  const database = opening.use(await openSqlite({ path: join(folder, 'data/harrier.db') }))
  const matcher = opening.use(await openMatcher(database))
  const onChange = async () => void (await matcher.refresh())
  const curation = createCuration({ database, actor: 'test', now: () => new Date(), onChange })
  let images = 0

  async function lookAt(policyText: string, image: PastImage): Promise<AtUri> {
    images += 1
    const { bits, account = 0, record = `record${images}`, use = 'post', isHashed = true, at } = image
    const cid = cidOf(image.bytes ?? `image ${images}`)
    const now = () => at ?? new Date()
    const did = accounts[account] as Did
    const uri = `at://${did}/app.bsky.feed.post/${record}` as AtUri
    const ref = { did, uri, recordCid: cidOf(record), cid, use, mimeType: 'image/png', size: 1 }
    await database.jobs.enqueue([ref], now().toISOString(), now().getTime())
    const [job] = await claimJobs(database.jobs, { now: now().getTime(), leaseMs: 1, limit: 1, busy: [] })
    if (job === undefined) throw new Error('Expected a job')
    const policy = parsePolicy(policyText, 'policy')
    const { config } = parseConfig(env)
    const acting = createActing({
      config,
      src: 'did:web:localhost%3A3000' as Did,
      policy,
      database,
      targets: [{ id: 'pds', kind: 'pds', at: 'https://pds.example.com', can: new Set(['takedown']) }],
      announce: async () => 0,
      world: { now },
      onChange: () => {},
    })
    const stages: Stages = {
      scanImage: async () =>
        isHashed ? hashedAt(bits, cid) : { kind: 'unavailable', reason: 'no-account', timings: noTimings },
      matchHashes: matcher.examine,
      policy,
      versions: () => ({ policy: 'none', banks: matcher.version }),
      signLabels: async () => [],
      ...acting,
      wakePublishing: () => {},
      now,
    }
    await runJob(stages, job, new AbortController().signal)
    return uri
  }

  const open = opening.move()
  return {
    folder,
    env,
    database,
    curation,
    async createBank(name) {
      const bank = await curation.createBank({
        name,
        threshold: 60,
        minQuality: 50,
        profile: 'reference-512',
      })
      const hashes = [{ type: 'pdq', value: hashAt(0), quality: 100 }] as const
      return { bank, contentId: (await curation.addContent(bank, { hashes })).contentId }
    },
    async look(policy, list) {
      const uris: AtUri[] = []
      for (const image of list) uris.push(await lookAt(policy, image))
      return uris
    },
    replay(current, other, wish = {}) {
      writeFileSync(policyFile, current)
      const file = join(folder, 'other.yaml')
      writeFileSync(file, other)
      const { config, secrets } = parseConfig(env)
      const day = 86_400_000
      return replayPolicy(config, secrets, {
        file,
        sinceMs: 7 * day,
        bank: undefined,
        limit: 100,
        onProgress: () => {},
        ...wish,
      })
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

/** Returns the CID of bytes that are called so. */
export function cidOf(text: string): Cid {
  return blobCidOf(createHash('sha256').update(text).digest())
}

function hashedAt(bits: number, cid: Cid): ScanResult {
  const look = { profile: 'reference-512', variant: 'original', quality: 100 } as const
  return {
    kind: 'hashed',
    isCached: false,
    hashes: [
      { type: 'pdq', value: hashAt(bits), ...look },
      { type: 'sha256', value: createHash('sha256').update(cid).digest('hex'), quality: 100 },
    ],
    facts: { format: 'png', width: 1, height: 1, size: 1 },
    plan: pastPlan,
    timings: noTimings,
  }
}
