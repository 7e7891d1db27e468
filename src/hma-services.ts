/**
 * What the HTTP API of Hasher-Matcher-Actioner is served from: the store, curation, the matcher, and hashing in the
 * processes that the stream's images are hashed in.
 */
import { hash as digest } from 'node:crypto'
import type { Config } from './config/settings.ts'
import { createCurator } from './curate/curator.ts'
import type { Credentials } from './exchange/credentials.ts'
import { createExchanges } from './exchange/exchanges.ts'
import type { HmaServices, MediaServices } from './http/hma/hma-services.ts'
import { createAtMost } from './lib/at-most.ts'
import { createDeadline } from './lib/deadline.ts'
import { AppError } from './lib/errors.ts'
import type { SafeFetch } from './lib/safe-fetch.ts'
import { hammingDistance } from './match/hamming.ts'
import type { Matcher } from './match/match.ts'
import type { ImageHash, PdqProfile } from './model/hash.ts'
import type { HashPlan } from './model/hash-plan.ts'
import { unscannableReasons } from './model/scan.ts'
import { hashPlanOf } from './resources.ts'
import { createFetchMedia } from './scan/fetch-media.ts'
import type { HashPool } from './scan/hash-pool.ts'
import type { Database } from './store/database.ts'

/** What they are made of. `fetch` may go to plain HTTP; `onChange` resolves when matching has taken in what changed. */
export type HmaServicesDeps = {
  readonly database: Database
  readonly matcher: Matcher
  readonly pool: Pick<HashPool, 'hash'>
  readonly fetch: SafeFetch
  readonly now: () => Date
  readonly onChange: () => Promise<void>
  readonly indexAgeMs: () => number
  readonly credentials: Credentials
  /** Called when there may be something to fetch of an exchange. */
  readonly onExchangeDue: () => void
}

/** Milliseconds in which media that is named by URL has to be here. */
const fetchTimeoutMs = 30_000

/** Returns the services. */
export function createHmaServices(deps: HmaServicesDeps, config: Config): HmaServices {
  const { database, matcher, now, onChange } = deps
  const changing = { database, actor: 'hma', now, onChange }
  const curator = createCurator(changing)
  return {
    exchanges: createExchanges({
      ...changing,
      credentials: deps.credentials,
      // What an exchange filled it can fill again: nothing of it is kept.
      async removeBank(bank) {
        const removedAt = now().toISOString()
        if (await curator.removeBank(bank))
          await curator.purgeBank({ id: bank.id, name: bank.name, removedAt })
      },
      onDue: deps.onExchangeDue,
    }),
    curator,
    media: createMediaServices(deps, config),
    async indexState() {
      await onChange()
      return { sizes: matcher.sizes, newestAt: await database.curation.lastAddedAt() }
    },
    indexAgeMs: deps.indexAgeMs,
    typeRatio: matcher.typeRatio,
    distance: (a, b) => hammingDistance(Buffer.from(a, 'hex'), Buffer.from(b, 'hex')),
  }
}

function createMediaServices({ matcher, pool, fetch }: HmaServicesDeps, config: Config): MediaServices {
  const planOf = (looks: PdqProfile | 'every'): HashPlan => {
    if (looks === 'every') return { ...hashPlanOf(config, matcher), hasSha1: true }
    const stored = { isOriented: false, isFlattened: false, frames: 1, isTurned: false }
    return { profiles: [looks], hasSha1: true, ...stored }
  }
  return {
    maxBytes: config.maxBlobBytes,
    // As many as the stream's, so that neither fills the queue of the hashing processes.
    atMost: createAtMost({ running: config.jobsAtOnce, waiting: config.jobsAtOnce * 4 }),
    download: createFetchMedia(fetch, {
      maxBytes: config.maxBlobBytes,
      timeoutMs: fetchTimeoutMs,
      idleTimeoutMs: fetchTimeoutMs / 2,
      hosts: config.mediaHosts,
    }),
    async hash({ bytes, kind }, looks, signal) {
      if (kind === 'video') return digestsOf(bytes)
      const outcome = await pool.hash(bytes, planOf(looks), createDeadline(config.hashTimeoutMs * 2, signal))
      if (outcome.kind === 'hashed') return outcome.hashes
      throw new AppError('invalid', `Could not hash the photo: ${unscannableReasons[outcome.reason]}`)
    },
    match: (hashes, options) => matcher.match(hashes, options),
  }
}

function digestsOf(bytes: Uint8Array): ImageHash[] {
  const types = ['md5', 'sha1', 'sha256'] as const
  return types.map((type) => ({ type, value: digest(type, bytes), quality: 100 }))
}
