import { decideEffects } from '../../src/act/decide.ts'
import { createOrders, type Orders } from '../../src/act/orders.ts'
import { createRestoring, type Restoring } from '../../src/act/restore.ts'
import { createSettle, type Settle } from '../../src/act/settle.ts'
import { createActing } from '../../src/app-acting.ts'
import { parseConfig } from '../../src/config/config.ts'
import type { StoredEffect } from '../../src/model/effect.ts'
import type { Did } from '../../src/model/ids.ts'
import type { ImageRef } from '../../src/model/image.ts'
import type { ScanJob } from '../../src/model/job.ts'
import type { Match } from '../../src/model/match.ts'
import type { OutboxEnd, OutboxMessage } from '../../src/model/outbox.ts'
import type { Policy, TierEffect } from '../../src/model/policy.ts'
import { noTimings } from '../../src/model/scan.ts'
import type { TargetFacts } from '../../src/model/target.ts'
import type { Database, Stores } from '../../src/store/database.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { imageOf, matchOf, someProof } from './builders.ts'
import { claimJobs } from './claim-jobs.ts'

/** The labeler of the fixture. */
export const actingSrc = 'did:web:labeler.test' as Did

/** Acting over a real store: what is between a match and the queues of labels and messages. */
export interface Acting extends AsyncDisposable {
  readonly db: Database
  readonly orders: Orders
  readonly restoring: Restoring
  readonly settle: Settle
  /** Events that were announced. */
  readonly events: readonly { readonly type: string }[]
  /** Adds a content with a hash of its own to a bank, which is made when it is new; returns a match of it. */
  content(bank?: string): Promise<Match>
  /** Decides on an image with these matches and carries that out, as the end of a job. */
  act(matches: readonly Match[], image?: Partial<ImageRef>): Promise<void>
  /** Follows up until there is nothing to do. */
  followUp(): Promise<void>
  /** Every effect as `kind subject state because`, oldest first. */
  states(): Promise<string[]>
  effects(): Promise<StoredEffect[]>
  /** The labels and withdrawals that wait, as `val` or `!val` and the subject. */
  queue(): Promise<string[]>
  /** The messages that wait, oldest first. */
  messages(): Promise<OutboxMessage[]>
  /** Ends a message as its target would. */
  end(message: OutboxMessage, end: OutboxEnd): Promise<void>
  /** Sets the clock. */
  now(at: string): void
}

/** A target that does everything. */
export const somePds: TargetFacts = {
  id: 'pds',
  kind: 'pds',
  at: 'https://pds.example.com',
  can: new Set(['takedown', 'restore', 'report']),
}

/** Returns a policy by which every bank calls for these effects. */
export function policyOf(...effects: TierEffect[]): Policy {
  const otherBanks = [{ distance: 256, effects }]
  return { labels: ['known-image', 'near-image'], banks: [], otherBanks, definitions: [], reports: {} }
}

/** Opens acting with a policy, targets and settings of the brakes. */
export async function openActing({
  policy = policyOf({ kind: 'label', val: 'known-image' }),
  targets = [somePds],
  settings = {},
}: {
  readonly policy?: Policy
  readonly targets?: readonly TargetFacts[]
  readonly settings?: Readonly<Record<string, string>>
} = {}): Promise<Acting> {
  const db = await openSqlite({ path: ':memory:' })
  let clock = '2026-01-01T00:00:00.000Z'
  const now = () => new Date(clock)
  const events: { type: string }[] = []
  const announce = async (_: unknown, told: readonly { type: string }[]) => {
    events.push(...told)
    return told.length
  }
  const { config } = parseConfig({ HARRIER_POLICY_FILE: 'policy.yaml', ...settings })
  const shared = { database: db, src: actingSrc, policy, targets, announce }
  const acting = createActing({ ...shared, config, world: { now }, onChange: () => undefined })
  const deps = { ...shared, actor: 'cli', now }
  const settle = createSettle({ announce, now })
  let contents = 0
  const list = async () => {
    const all = await db.effects.list({ states: [...allStates], limit: 10_000 })
    return all.reverse()
  }
  /** Other jobs of the account may be due, since a blob is looked at again: they end without a word. */
  async function claim(image: ImageRef): Promise<ScanJob> {
    for (;;) {
      const [job] = await claimJobs(db.jobs, { now: now().getTime(), leaseMs: 1000, limit: 1, busy: [] })
      if (!job) throw new Error('Expected the job that was just added')
      const { uri, cid, recordCid } = job.image
      if (uri === image.uri && cid === image.cid && recordCid === image.recordCid) return job
      await db.jobs.end(job.id, 'done', 'hashed', clock)
    }
  }
  return {
    db,
    events,
    orders: createOrders({ ...deps, onChange: () => undefined }),
    restoring: createRestoring(deps),
    settle,
    async content(name = 'known') {
      const bank =
        (await db.banks.find(name)) ??
        (await db.banks.create({
          name,
          threshold: 31,
          minQuality: 50,
          profile: 'reference-512',
          createdAt: clock,
        }))
      contents += 1
      const value = contents.toString(16).padStart(64, '0')
      const hashes = [
        { type: 'pdq', value, quality: 100 },
        { type: 'md5', value: value.slice(32), quality: 100 },
      ] as const
      const { contentId } = await db.transaction(({ banks }) =>
        banks.addContent(bank.id, { hashes, note: '', label: '', sourceId: '' }, clock),
      )
      return matchOf({ bankId: bank.id, bank: name, contentId })
    },
    async act(matches, parts = {}) {
      const image = imageOf(parts)
      await db.jobs.enqueueReported([image], clock, now().getTime())
      const job = await claim(image)
      const history = await acting.loadHistory(image, matches)
      const effects = decideEffects({ image, matches, suppressed: [], ...history, policy, now: clock })
      const scan = { kind: 'digest-only', hashes: [], timings: noTimings } as const
      await acting.applyEffects({
        job,
        scan,
        matches,
        suppressed: [],
        proof: someProof,
        effects,
        labels: [],
      })
    },
    async followUp() {
      for (let steps = 0; await acting.followUp.step(); steps++)
        if (steps > 1000) throw new Error('Expected the follow-up to come to an end')
    },
    effects: list,
    states: async () =>
      (await list()).map(({ kind, subject, state, because }) =>
        [kind, subject, state, because ?? ''].join(' ').trim(),
      ),
    queue: async () =>
      (await db.emissions.due(actingSrc, 10_000)).map(
        ({ neg, val, uri }) => `${neg ? '!' : ''}${val} ${uri}`,
      ),
    messages: async () => (await db.outbox.list({ states: ['pending'], limit: 10_000 })).reverse(),
    end: (message, end) =>
      db.transaction(async (stores: Stores) => {
        await stores.outbox.end(message.id, end, clock)
        await settle.settle(stores, message, end)
      }),
    now: (at) => (clock = at),
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  }
}

const allStates = ['held', 'pending', 'done', 'failed', 'undoing', 'undone', 'dropped'] as const
