/**
 * The part of `tools.ts` with which persons act: takedowns, restores, reports, verdicts, pauses, and what was done.
 */

import { externalIdOf } from './act/carry-out.ts'
import { createOrders, type Orders } from './act/orders.ts'
import { createRestoring, type Restoring } from './act/restore.ts'
import { quotasOf } from './app-acting.ts'
import { createFetchRecord } from './atproto/fetch-record.ts'
import type { IdentityResolver } from './atproto/identity.ts'
import type { Config } from './config/settings.ts'
import { createCuration } from './curate/curate.ts'
import { extractImages } from './ingest/extract-images.ts'
import { AppError } from './lib/errors.ts'
import type { SafeFetch } from './lib/safe-fetch.ts'
import type { Bank, ContentHash } from './model/bank.ts'
import { hashesForBank } from './model/bank-hashes.ts'
import type { Quotas } from './model/brake.ts'
import { type StoredEffect, standingStates } from './model/effect.ts'
import { type AtUri, type Cid, type Did, parseDid, sha256OfBlobCid } from './model/ids.ts'
import type { Policy } from './model/policy.ts'
import type { TargetFacts, TargetSubject } from './model/target.ts'
import type { Announce, Database, Stores } from './store/database.ts'
import { rollingBack } from './store/roll-back.ts'
import { realWorld } from './world.ts'

/** A record, as an action is about it. */
export type RecordSubject = Extract<TargetSubject, { kind: 'record' }>

/** What is to act no more: a content, or an image. */
export type Suppressed = { readonly bank: Bank; readonly contentId: number } | { readonly blob: Cid }

/** What persons can do about subjects and contents, and see of it. */
export interface ActingTools {
  readonly orders: Orders
  readonly restoring: Restoring
  /** The targets that the operator has named. */
  readonly targets: readonly TargetFacts[]
  readonly quotas: Quotas
  readonly effects: Pick<Stores['effects'], 'find' | 'list' | 'counts' | 'countHeld' | 'countOfBank'>
  readonly brakes: Pick<Stores['brakes'], 'pause' | 'quarantines' | 'spent'>
  readonly verdicts: Pick<Stores['verdicts'], 'find' | 'opinions'>
  /** Returns a record with its images: the version that was seen last, else the one that its host has. @throws {AppError} `not-found` */
  findRecord(uri: AtUri, signal: AbortSignal): Promise<RecordSubject>
  /** Returns the images of a record that were seen. */
  imagesOf(uri: AtUri): Promise<Cid[]>
  /** Adds the hashes of a content, or those that are known of an image, to a negative bank. @throws {AppError} `invalid` */
  suppress(negative: Bank, what: Suppressed): Promise<void>
  /**
   * Returns how far an effect has come that was undone: `waits` until the service has carried it out, `done`, or `stuck`, when
   * a person has to look.
   */
  liftingOf(effect: Pick<StoredEffect, 'id'>): Promise<Lifting>
}

/** See `ActingTools.liftingOf`. */
export type Lifting = {
  readonly effect: StoredEffect
  readonly state: 'waits' | 'done' | 'stuck'
}

/** What acting by hand needs. */
export type ActingToolsDeps = {
  readonly config: Config
  readonly database: Database
  /** The labeler. */
  readonly src: Did
  readonly policy: Policy
  readonly targets: readonly TargetFacts[]
  readonly announce: Announce
  readonly identity: Pick<IdentityResolver, 'resolvePds'>
  readonly fetch: SafeFetch
}

/** Returns what acts; a rehearsal says what would be done, and changes nothing. */
export function createActingTools(deps: ActingToolsDeps, isRehearsal: boolean): ActingTools {
  const { config, database, src, policy, targets, announce } = deps
  const now = realWorld.now
  const writing = isRehearsal ? rollingBack(database) : database
  const acting = { database: writing, src, policy, targets, announce, actor: 'cli', now }
  // The service takes changes in by itself.
  const curation = createCuration({ database: writing, actor: 'cli', now, onChange: async () => {} })
  return {
    orders: createOrders({ ...acting, onChange: () => undefined }),
    restoring: createRestoring(acting),
    targets,
    quotas: quotasOf(config),
    effects: database.effects,
    brakes: database.brakes,
    verdicts: database.verdicts,
    async findRecord(uri, signal) {
      const seen = await database.jobs.lastVersionOf(uri)
      if (seen === undefined) return await fetchRecord(deps, uri, signal)
      return {
        kind: 'record',
        did: didOf(uri),
        uri,
        cid: seen,
        blobs: await database.jobs.blobsOf(uri, seen),
      }
    },
    async imagesOf(uri) {
      const seen = await database.jobs.lastVersionOf(uri)
      return seen === undefined ? [] : await database.jobs.blobsOf(uri, seen)
    },
    async suppress(negative, what) {
      if (negative.suppresses === undefined)
        throw new AppError('invalid', `Expected a negative bank but ${negative.name} suppresses nothing`)
      const hashes = await hashesOf(database, negative, what)
      if (hashes.length === 0)
        throw new AppError(
          'invalid',
          `Expected hashes that bank ${negative.name} can hold but there are none`,
        )
      const note = 'blob' in what ? '' : `suppresses content ${what.contentId} of bank ${what.bank.name}`
      await curation.addContent(negative, { hashes, note })
    },
    liftingOf: ({ id }) => loadLifting(database, src, id),
  }
}

function didOf(uri: AtUri): Did {
  return parseDid(uri.split('/')[2] ?? '') as Did
}

async function fetchRecord(
  { config, fetch, identity }: ActingToolsDeps,
  uri: AtUri,
  signal: AbortSignal,
): Promise<RecordSubject> {
  const { fetchTimeoutMs: timeoutMs, maxBlobsPerRecord } = config
  const fetching = createFetchRecord(
    { resolvePds: identity.resolvePds, fetch },
    { timeoutMs, idleTimeoutMs: timeoutMs / 2 },
  )
  const found = await fetching(uri, signal)
  if (found.kind === 'unavailable')
    throw new AppError(
      'not-found',
      `Expected a record that was seen, or that its host has, but: ${found.reason}`,
    )
  const did = didOf(uri)
  const { images } = extractImages(
    { did, uri, recordCid: found.cid, record: found.record },
    maxBlobsPerRecord,
  )
  return { kind: 'record', did, uri, cid: found.cid, blobs: images.map(({ cid }) => cid) }
}

/** A PDQ hash of another hasher says nothing in the negative bank. */
async function hashesOf(
  { curation, images }: Pick<Database, 'curation' | 'images'>,
  negative: Bank,
  what: Suppressed,
): Promise<readonly ContentHash[]> {
  if ('blob' in what) {
    const scan = await images.load(what.blob)
    const digest = { type: 'sha256', value: sha256OfBlobCid(what.blob), quality: 100 } as const
    return scan?.kind === 'hashed' ? hashesForBank(negative, scan.hashes).kept : [digest]
  }
  const content = await curation.find(what.bank.id, what.contentId)
  const isComparable = negative.profile === what.bank.profile || negative.profile === 'unknown'
  return (content?.hashes ?? []).filter(
    ({ type, quality }) => type !== 'pdq' || (isComparable && quality >= negative.minQuality),
  )
}

async function loadLifting(
  { effects, outbox, emissions }: Pick<Database, 'effects' | 'outbox' | 'emissions'>,
  src: Did,
  id: number,
): Promise<Lifting> {
  const effect = await effects.find(id)
  if (!effect) throw new AppError('not-found', `Expected an effect but there is no ${id}`)
  if (effect.kind === 'label') {
    const isWaiting = await emissions.isWaiting(src, effect.subject, effect.detail)
    return { effect, state: isWaiting ? 'waits' : 'done' }
  }
  if (effect.state !== 'undoing')
    return { effect, state: standingStates.includes(effect.state) ? 'stuck' : 'done' }
  const message = await outbox.stateOf(effect.target, externalIdOf(effect, 'restore'))
  return { effect, state: message === 'pending' ? 'waits' : 'stuck' }
}
