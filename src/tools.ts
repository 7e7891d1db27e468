/**
 * The composition root of the operator's commands: the same parts as the service, without its listeners, its stream and
 * its worker. It may run beside the service, which notices what is committed here within a twentieth of a second.
 */

import { type ApiKeys, createApiKeys } from './api/api-keys.ts'
import { createAnnounceOf, createMessageHooks } from './app-outbox.ts'
import { createReviewing, type Reviewing } from './app-reviews.ts'
import { createTargets } from './app-targets.ts'
import { createIdentityResolver } from './atproto/identity.ts'
import { type AuditDesk, createAuditDesk } from './audit/audit.ts'
import { readTextLines } from './audit/read-lines.ts'
import { recordView } from './audit/record-view.ts'
import { type ExportCheck, verifyExport } from './audit/verify-export.ts'
import type { Secrets } from './config/config.ts'
import type { Config } from './config/settings.ts'
import { type Curation, createCuration } from './curate/curate.ts'
import { createDeadline } from './lib/deadline.ts'
import { AppError } from './lib/errors.ts'
import { type Matcher, type MatchOptions, openMatcher } from './match/match.ts'
import type { Bank } from './model/bank.ts'
import type { EmissionLimits, Priority, QueueLength } from './model/emission.ts'
import { type ImageHash, pdqProfiles } from './model/hash.ts'
import type { HashPlan } from './model/hash-plan.ts'
import type { Did } from './model/ids.ts'
import type { SequencedLabel, WantedLabel } from './model/label.ts'
import type { Findings } from './model/match.ts'
import { missingTiers } from './model/policy.ts'
import type { ReviewDetails, ReviewState, ReviewSummary, ReviewsWanted } from './model/review.ts'
import { createOutboxDesk, type OutboxDesk } from './outbox/outbox-desk.ts'
import { createTargetDesk, type TargetDesk } from './outbox/target-desk.ts'
import { estimateEmission } from './publish/estimate-emission.ts'
import { createPublishRequest, type PublishOutcome } from './publish/publish-request.ts'
import { createBudgetReader } from './publish/read-budget.ts'
import { type KeyRotation, type RotateKeyRequest, rotateKey, rotateKeyTimes } from './publish/rotate-key.ts'
import {
  hashPlanOf,
  hashPoolOptions,
  loadLabelKeys,
  openLabelKeyDocument,
  openResources,
  openSafeFetch,
} from './resources.ts'
import { loadReviewDetails } from './review/load-review-details.ts'
import type { HashOutcome } from './scan/hash-image.ts'
import { openHashPool } from './scan/hash-pool.ts'
import type { Database, Stores } from './store/database.ts'
import type { KnownKey } from './store/key-store.ts'
import { rollingBack } from './store/roll-back.ts'
import { type ActingTools, createActingTools } from './tools-acting.ts'
import { type BankTools, createBankTools } from './tools-banks.ts'
import { userAgent } from './version.ts'
import { realWorld } from './world.ts'

export { parseSignedHead } from './audit/parse-export.ts'
export type { ImportResult, ImportSource } from './bank-file/import-file.ts'
export type { PublishOutcome } from './publish/publish-request.ts'
export type { UpdateDocument } from './publish/rotate-key.ts'
export { requireDatabase } from './resources.ts'
export type { ActingTools, Lifting } from './tools-acting.ts'

/** A label or a withdrawal that a person asks for: urgent unless told. */
export type LabelRequest = WantedLabel & { readonly priority?: Priority }

/** The queue of labels that wait for the emission budget. */
export type EmissionQueue = {
  readonly limits: EmissionLimits
  /** What is left of each limit now. */
  readonly left: EmissionLimits
  /** For each priority, the first to go first; `emptyMs` is when its last label is published if none is added. */
  readonly lengths: readonly (QueueLength & { readonly emptyMs: number | undefined })[]
}

/** Hashes images in processes of its own; leaves nothing behind, and needs no data folder. */
export interface Hashing extends AsyncDisposable {
  /**
   * Hashes one image in both profiles, with the looks that the settings ask for and those that `more` asks for; rejects
   * when the decoder had to be stopped.
   */
  hash(bytes: Uint8Array, more?: Partial<HashPlan>): Promise<HashOutcome>
}

/** What the commands can do. Every change is one transaction with its audit row. */
export interface Tools extends Hashing {
  /** The labeler. */
  readonly did: Did
  /**
   * Returns what the enabled banks hold within their thresholds, and what of it negative banks suppress, nearest first. The
   * first call reads the banks.
   */
  match(hashes: readonly ImageHash[], options?: MatchOptions): Promise<Findings>
  readonly banks: BankTools
  /** Every other change to banks and their contents. */
  readonly curation: Curation
  /** What curators look at. */
  readonly contents: Pick<Stores['curation'], 'find' | 'search' | 'holding'>
  /** What can be restored. */
  readonly removed: Pick<Stores['removals'], 'banks' | 'contents'>
  /** Returns the tiers that the policy names of a bank and that it does not have. */
  missingTiers(bank: Bank): readonly string[]
  /**
   * Publishes a label or withdraws one, at once or, where there is an emission budget, through the queue; a rehearsal says what
   * would be published, and publishes nothing.
   */
  publish(request: LabelRequest, isRehearsal?: boolean): Promise<PublishOutcome>
  /** What persons do about subjects and contents; in a rehearsal nothing is changed. */
  acting(isRehearsal?: boolean): ActingTools
  /** Returns how many labels wait, and what the budget has left. */
  queue(): Promise<EmissionQueue>
  readonly key: {
    /** Returns the label keys, oldest first, and how many labels the live one is still to sign. */
    list(): Promise<{ readonly keys: readonly KnownKey[]; readonly stale: number }>
    /** Changes the label key; see `rotateKey`. */
    rotate(request: RotateKeyRequest, signal: AbortSignal): Promise<KeyRotation>
  }
  /** The keys of the REST API. */
  readonly apiKeys: ApiKeys
  /** What is sent to others, and where actions are carried out. */
  readonly outbox: OutboxDesk
  /** The record of everything that was done. */
  readonly audit: AuditDesk
  readonly targets: TargetDesk
  /** Returns the current labels that match any pattern, in seq order. */
  queryLabels(uriPatterns: readonly string[], after: number, limit: number): Promise<SequencedLabel[]>
  /** What waits for persons, and what they do about it. */
  readonly reviews: Reviewing & {
    /** Returns reviews in any of the states: those with matches first, nearest first, then the oldest. */
    list(
      states: readonly ReviewState[],
      limit: number,
      filter?: Omit<ReviewsWanted, 'states' | 'limit'>,
    ): Promise<ReviewSummary[]>
    /** Returns how many reviews are in each state. */
    counts(): Promise<Readonly<Record<ReviewState, number>>>
    /** Returns everything that is known of a review, or undefined when there is none of that number; the view is recorded. */
    find(id: number): Promise<ReviewDetails | undefined>
  }
}

/** Opens hashing alone. */
export function openHashing(config: Config): Hashing {
  const pool = openHashPool(hashPoolOptions(config))
  return {
    hash: (bytes, more) =>
      pool.hash(
        bytes,
        { ...hashPlanOf(config, { profiles: pdqProfiles, hasSha1: false }), ...more },
        createDeadline(config.hashTimeoutMs * 2),
      ),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

/** Opens what the commands work with. */
export async function openTools(config: Config, secrets: Secrets): Promise<Tools> {
  await using opening = new AsyncDisposableStack()
  const now = () => new Date()
  const opened = await openResources(config, secrets, { opener: 'command', now })
  const { database, keyring, keyFolder, src, policy } = opened
  opening.use(database)
  const hashing = opening.use(openHashing(config))
  const fetch = openSafeFetch(config, { userAgent, fetch: realWorld.fetch })
  const document = openLabelKeyDocument(config, fetch)
  const signing = { key: () => keyring.current, src, declaredVals: new Set(policy.labels), now }
  const isPaced = Object.keys(config.emissionBudget).length > 0
  const announce = createAnnounceOf(config, secrets, src)
  const publishRequest = (writing: Pick<Database, 'transaction'>) =>
    createPublishRequest({ ...signing, database: writing, isPaced, actor: 'cli', announce })
  const identity = createIdentityResolver({
    store: database.dids,
    fetch,
    plcUrl: config.plcUrl,
    timeoutMs: config.fetchTimeoutMs,
    now: Date.now,
  })
  const publishing = { ...signing, database, isPaced, announce, onLabels: () => undefined }
  const targets = createTargets({ ...publishing, config, secrets, identity, world: realWorld })
  // The service notices what is committed, and carries it on.
  const reviewing = createReviewing({ database, src, targets, announce, policy, now, onChange: () => {} })
  const acting = { config, database, src, policy, targets, announce, identity, fetch }
  const stack = opening.move()
  let matcher: Promise<Matcher> | undefined
  // The service takes changes in by itself.
  const curation = createCuration({ database, actor: 'cli', now, onChange: async () => {} })

  return {
    did: src,
    hash: hashing.hash,
    async match(hashes, options) {
      matcher ??= openMatcher(database).then((opened) => stack.use(opened))
      return await (await matcher).examine(hashes, options)
    },
    queryLabels: (uriPatterns, after, limit) =>
      database.labels.query({ uriPatterns, sources: [], limit, after }, new Date().toISOString()),
    banks: createBankTools({ database, curation, now }),
    curation,
    contents: database.curation,
    removed: database.removals,
    missingTiers: (bank) => missingTiers(policy, [bank]).map(({ tier }) => tier),
    reviews: {
      ...reviewing,
      list: (states, limit, filter) => database.reviews.list({ ...filter, states, limit }),
      counts: () => database.reviews.counts(),
      find: async (id) =>
        recordView(database, await loadReviewDetails(database, src, id), {
          actor: 'cli',
          at: now().toISOString(),
        }),
    },
    publish: (request, isRehearsal = false) =>
      publishRequest(isRehearsal ? rollingBack(database) : database)({ priority: 'urgent', ...request }),
    acting: (isRehearsal = false) => createActingTools(acting, isRehearsal),
    async queue() {
      const nowMs = now().getTime()
      const budget = await createBudgetReader(database.labels, config.emissionBudget, now)()
      const lengths = await database.emissions.lengths()
      const ends = estimateEmission(budget, lengths, nowMs)
      return {
        limits: config.emissionBudget,
        left: budget.leftOf(nowMs),
        lengths: lengths.map((length) => ({ ...length, emptyMs: ends.get(length.priority) })),
      }
    },
    key: {
      list: async () => ({ keys: await database.keys.list(), stale: await database.keys.countStale() }),
      rotate: (request, signal) =>
        rotateKey(
          { database, folder: keyFolder, src, document, now, times: rotateKeyTimes },
          request,
          signal,
        ),
    },
    apiKeys: createApiKeys({ database, actor: 'cli', now }),
    outbox: createOutboxDesk({
      database,
      now,
      onRetry: () => undefined,
      ...createMessageHooks(announce, now),
    }),
    audit: createAuditDesk({
      database,
      signer: () => ({ did: src, key: keyring.current.did(), sign: keyring.current.sign }),
      actor: 'cli',
      now,
    }),
    targets: createTargetDesk({ targets, database }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/**
 * Verifies an export of an audit by itself; `key` (`did:key:…`) is the label key that has to have signed it, where it is not one
 * that the database of the settings knows. No database is made.
 * @throws {AppError} when there is no key to verify with, or as `verifyExport` does.
 */
export async function verifyAuditFile(
  config: Config,
  chunks: AsyncIterable<Uint8Array>,
  { key, onRow }: { readonly key: string | undefined; readonly onRow: (id: number) => void },
): Promise<ExportCheck> {
  const keys = key === undefined ? await loadLabelKeys(config) : [key]
  if (keys.length > 0) return await verifyExport(readTextLines(chunks), { keys, onRow })
  throw new AppError(
    'invalid',
    'Expected a key to verify with, since there is no database here that knows the label key; name the one of #atproto_label in the labeler’s DID document: --key did:key:…',
  )
}
