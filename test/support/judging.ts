import { createApplyEffects } from '../../src/act/apply.ts'
import { decideEffects } from '../../src/act/decide.ts'
import { createFollowUp } from '../../src/act/follow-up.ts'
import { createReviewing, type Reviewing } from '../../src/app-reviews.ts'
import { generateSigningKey } from '../../src/atproto/signing-key.ts'
import type { Bank } from '../../src/model/bank.ts'
import type { FloodLimits, Quotas } from '../../src/model/brake.ts'
import type { WantedBank } from '../../src/model/curation.ts'
import type { Effect } from '../../src/model/effect.ts'
import type { Did } from '../../src/model/ids.ts'
import type { ImageRef } from '../../src/model/image.ts'
import type { Match } from '../../src/model/match.ts'
import type { Policy, TierEffect } from '../../src/model/policy.ts'
import type { TargetFacts } from '../../src/model/target.ts'
import { type WebhookPayload, webhookEventNames } from '../../src/model/webhook-event.ts'
import { createAnnounce } from '../../src/outbox/announce.ts'
import { createEmitter } from '../../src/publish/emitter.ts'
import type { Database } from '../../src/store/database.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { imageOf, someProof } from './builders.ts'
import { claimJobs } from './claim-jobs.ts'

/** The labeler of these tests. */
export const judgingDid = 'did:web:labeler.test' as Did

/** A host on which accounts can be taken down. */
export const pdsFacts: TargetFacts = {
  id: 'pds',
  kind: 'pds',
  at: 'https://pds.example.com',
  can: new Set(['takedown', 'restore']),
}

/** A policy that calls for these effects of any match of bank `known`; `known-image` and `graphic` are declared. */
export function policyOf(effects: readonly TierEffect[]): Policy {
  return {
    labels: ['known-image', 'graphic'],
    definitions: [],
    reports: {},
    banks: [{ bank: 'known', tiers: [{ distance: 31, effects }] }],
    otherBanks: [],
  }
}

/** What a test has differ. */
export type JudgingOptions = {
  readonly path?: string
  readonly effects?: readonly TierEffect[]
  readonly quotas?: Quotas
  readonly flood?: FloodLimits
}

/** A content with its bank. */
export type BankedContent = { readonly bank: Bank; readonly id: number }

/** A decision, as a webhook tells it. */
export type DecisionEvent = Extract<WebhookPayload, { event_type: 'review_decided' }>

/** The acting core over a real store, with what persons do about reviews, and a clock that the test moves. */
export interface Judging extends AsyncDisposable {
  readonly database: Database
  readonly clock: { ms: number }
  readonly reviewing: Reviewing
  /** Adds a content whose digest is `digit` again and again; makes its bank if need be. */
  bankContent(digit: string, bank?: Partial<WantedBank>): Promise<BankedContent>
  /** Has an image found to be these contents, as the pipeline would; returns what is decided of it. */
  find(contents: readonly BankedContent[], image?: Partial<ImageRef>): Promise<readonly Effect[]>
  /** Publishes what waits; returns the stream so far, `-` before a negation. */
  labels(): Promise<string[]>
  /** Follows up until there is nothing left to do. */
  settle(): Promise<void>
  /** Returns what targets are asked to do, in order. */
  actions(): Promise<string[]>
  /** Returns the events of decisions, in order. */
  decisions(): Promise<DecisionEvent[]>
}

/** Opens it: matches are made, everything after them is real. Nothing runs by itself. */
export async function openJudging({
  path = ':memory:',
  effects = [{ kind: 'label', val: 'known-image' }],
  quotas = {},
  flood = { least: 1_000, factor: 10 },
}: JudgingOptions = {}): Promise<Judging> {
  const database = await openSqlite({ path })
  const clock = { ms: Date.parse('2026-01-02T12:00:00.000Z') }
  const now = () => new Date(clock.ms)
  const policy = policyOf(effects)
  let ids = 0
  const announce = createAnnounce({
    endpoints: [{ id: 'app', url: 'http://app.test', events: webhookEventNames, secret: 'unused' }],
    labeler: judgingDid,
    hasBankNames: false,
    newId: () => String(ids++),
  })
  const shared = { database, src: judgingDid, targets: [pdsFacts], announce, policy, now }
  const apply = createApplyEffects({ ...shared, quotas, flood })
  const followUp = createFollowUp({ ...shared, quotas, onChange: () => {} })
  const key = await generateSigningKey()
  await database.keys.makeLive(key.did(), now().toISOString())
  const emitter = createEmitter({
    key: () => key,
    src: judgingDid,
    declaredVals: new Set(policy.labels),
    now,
    database,
    limits: {},
    announce,
    onEmitted: () => {},
  })

  async function bankContent(digit: string, bank: Partial<WantedBank> = {}): Promise<BankedContent> {
    const wanted = {
      threshold: 31,
      minQuality: 50,
      profile: 'reference-512',
      name: 'known',
      ...bank,
    } as const
    const made =
      (await database.banks.find(wanted.name)) ??
      (await database.banks.create({ ...wanted, createdAt: now().toISOString() }))
    const hashes = [{ type: 'sha256', value: digit.repeat(64), quality: 100 } as const]
    const content = { label: '', note: '', sourceId: '', hashes }
    const { contentId } = await database.transaction(({ banks }) =>
      banks.addContent(made.id, content, now().toISOString()),
    )
    return { bank: made, id: contentId }
  }

  async function find(contents: readonly BankedContent[], parts: Partial<ImageRef> = {}) {
    clock.ms += 1_000
    const at = now().toISOString()
    const image = imageOf(parts)
    const opinions = await database.verdicts.opinions(contents.map(({ id }) => id))
    const matches = contents.flatMap(({ bank, id }, distance): Match[] => {
      const opinion = opinions.get(id)
      const match = { bankId: bank.id, bank: bank.name, contentId: id, distance, hashType: 'sha256' as const }
      return opinion === 'negative' ? [] : [{ ...match, ...(opinion && { opinion }) }]
    })
    await database.jobs.enqueueReported([image], at, clock.ms)
    const [job] = await claimJobs(database.jobs, { now: clock.ms, leaseMs: 1, limit: 1, busy: [] })
    const effects = decideEffects({
      image,
      matches,
      suppressed: [],
      policy,
      now: at,
      history: await database.labels.states(judgingDid, [image.uri, image.did]),
      acted: await database.effects.ofImage(image),
      takenDown: [],
      recordBlobs: [],
      quarantined: await database.brakes.quarantined(matches.map(({ contentId }) => contentId)),
    })
    const scan = { kind: 'unscannable', reason: 'empty', isCached: true, timings: zero } as const
    const proof = someProof
    if (job)
      await apply({ job: { ...job, image }, scan, matches, suppressed: [], effects, labels: [], proof })
    return effects
  }

  return {
    database,
    clock,
    bankContent,
    find,
    reviewing: createReviewing({ ...shared, onChange: () => {} }),
    async labels() {
      await emitter.step()
      const all = await database.labels.page(0, 1_000)
      return all.map(({ neg, val, uri }) => `${neg ? '-' : ''}${val} ${uri}`)
    },
    async settle() {
      while (await followUp.step());
    },
    async actions() {
      const list = await database.outbox.list({ states: ['pending', 'dropped'], kinds: ['pds'], limit: 100 })
      return list.reverse().map(({ event, state }) => (state === 'pending' ? event : `${event} ${state}`))
    },
    async decisions() {
      const list = await database.outbox.list({ states: ['pending'], kinds: ['webhook'], limit: 100 })
      const events = list.reverse().map(({ payload }) => JSON.parse(payload) as WebhookPayload)
      return events.filter((event) => event.event_type === 'review_decided')
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

const zero = { resolveMs: 0, fetchMs: 0, decodeMs: 0, hashMs: 0 }
