/**
 * Looking again at images that were posted before: those of a whole account or of one record are queued for the service,
 * behind the stream's, whether they were looked at before or never.
 *
 * Owns: the walk through an account's records, its place, and that a rescan ends. Leaves to others: the questions to the host
 * and their pace, which images a record shows, and looking at them, which is the pipeline's.
 * Invariants: a page's images are in the queue in the transaction that moves the rescan behind that page, so that one that
 * breaks off goes on where it was; an image that waits or is being looked at is not queued twice.
 *
 * walk-account.ts   page by page through the collections; page-trail.ts notices a host that leads in circles
 * ask-patiently.ts  one question, until it is answered
 */
import { pause } from '../lib/pause.ts'
import type { AtUri, Cid, Did, SubjectUri } from '../model/ids.ts'
import type { ImageRef } from '../model/image.ts'
import {
  type CollectionCounts,
  type Rescan,
  type RescanPlace,
  type RescanScans,
  totalsOf,
} from '../model/rescan.ts'
import type { UnavailableReason } from '../model/scan.ts'
import type { Database } from '../store/database.ts'
import { AccountUnavailableError } from './account-unavailable.ts'
import { type WalkDeps, type WalkOptions, type WalkStep, walkAccount } from './walk-account.ts'

/** A record as its host has it now, or why the host does not give it. */
type FetchedRecord =
  | { readonly kind: 'record'; readonly cid: Cid; readonly record: unknown }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason }

/** The collections of an account, or why its host does not name them. */
type ListedCollections =
  | { readonly kind: 'collections'; readonly host: string; readonly collections: readonly string[] }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason }

/** What rescans need. What asks a host waits until it may, and asks again where that may help. */
export type RescanDeps = WalkDeps & {
  readonly database: Pick<Database, 'transaction' | 'rescans'>
  readonly listCollections: (did: Did, signal: AbortSignal) => Promise<ListedCollections>
  readonly fetchRecord: (uri: AtUri, signal: AbortSignal) => Promise<FetchedRecord>
  readonly now: () => Date
}

/** What is looked at again: an account, or one record of it. */
export type RescanTarget = { readonly did: Did; readonly uri: AtUri | undefined }

/** Where a rescan begins: anew, or where an earlier one broke off. */
export type RescanPlan = {
  readonly target: RescanTarget
  /** The account's collections as its host names them now, each without a count; the record's alone. */
  readonly collections: readonly CollectionCounts[]
  /** The rescan that has not ended. */
  readonly unfinished: Rescan | undefined
}

/** Told of each step, once it is durable. */
export type OnPlace = (place: RescanPlace) => void

/** Queues images that were posted before. */
export interface Rescans {
  /** Asks the account's host what there is, and the store what is going on. @throws {AccountUnavailableError} */
  plan(target: RescanTarget, signal: AbortSignal): Promise<RescanPlan>
  /** Walks through everything and returns what there is, changing nothing. */
  count(plan: RescanPlan, onPlace: OnPlace, signal: AbortSignal): Promise<RescanPlace>
  /** Ends a rescan that broke off, so that the next begins anew. */
  abandon(rescan: Rescan): Promise<void>
  /** Queues every image, from where an unfinished rescan is, and returns the rescan, which has not ended. */
  queue(plan: RescanPlan, onPlace: OnPlace, signal: AbortSignal): Promise<Rescan>
  /** Resolves once none of the images waits; looks now and then, and tells each time. */
  wait(rescan: Rescan, onScans: (scans: RescanScans) => void, signal: AbortSignal): Promise<RescanScans>
  /** Ends a rescan, with the audit row, and returns what became of its images until now. */
  end(rescan: Rescan): Promise<RescanScans>
}

/** The least time between two looks at what became of the images, in milliseconds. */
const leastLookMs = 250
/** Looking takes at most this part of the time. */
const lookShare = 0.05

/** Returns what rescans. */
export function createRescans(deps: RescanDeps, options: WalkOptions): Rescans {
  const { database } = deps

  async function end(rescan: Rescan, outcome: 'looked-at' | 'queued' | 'abandoned'): Promise<RescanScans> {
    return await database.transaction(async (stores) => {
      const scans = await stores.rescans.scans(rescan)
      const at = deps.now().toISOString()
      const details = { rescan: rescan.id, outcome, ...totalsOf(rescan), queued: rescan.queued, ...scans }
      if (await stores.rescans.end(rescan.id, at))
        await stores.audit.append([
          { at, actor: 'cli', action: 'rescan.ended', subject: rescan.subject, details },
        ])
      return scans
    })
  }

  return {
    async plan(target, signal) {
      const subject = target.uri ?? target.did
      const collections =
        target.uri === undefined
          ? await collectionsOf(deps, target.did, signal)
          : [target.uri.split('/')[3] ?? '']
      return {
        target,
        collections: collections.map((collection) => ({ collection, records: 0, images: 0, refused: 0 })),
        unfinished: await database.rescans.open(subject),
      }
    },

    async count(plan, onPlace, signal) {
      let place = startOf(plan)
      for await (const step of stepsOf(deps, options, plan.target, place, signal)) {
        place = step.place
        onPlace(place)
      }
      return place
    },

    async abandon(rescan) {
      await end(rescan, 'abandoned')
    },

    async queue(plan, onPlace, signal) {
      const { target } = plan
      let rescan = plan.unfinished ?? (await begin(deps, target.uri ?? target.did, startOf(plan)))
      onPlace(rescan)
      for await (const { images, place } of stepsOf(deps, options, target, rescan, signal)) {
        rescan = await save(deps, rescan, images, place)
        onPlace(rescan)
      }
      return rescan
    },

    async wait(rescan, onScans, signal) {
      for (;;) {
        const startedAt = performance.now()
        const scans = await database.rescans.scans(rescan)
        onScans(scans)
        if (scans.waiting === 0) return scans
        await pause(Math.max(leastLookMs, (performance.now() - startedAt) / lookShare), signal)
        signal.throwIfAborted()
      }
    },

    async end(rescan) {
      const { waiting } = await database.rescans.scans(rescan)
      return await end(rescan, waiting === 0 ? 'looked-at' : 'queued')
    },
  }
}

async function collectionsOf(deps: RescanDeps, did: Did, signal: AbortSignal): Promise<readonly string[]> {
  const listed = await deps.listCollections(did, signal)
  if (listed.kind === 'unavailable') throw new AccountUnavailableError(listed.reason)
  return listed.collections
}

function startOf({ collections }: RescanPlan): RescanPlace {
  return { collections, index: 0, cursor: undefined }
}

async function begin(
  { database, now }: RescanDeps,
  subject: SubjectUri,
  place: RescanPlace,
): Promise<Rescan> {
  const at = now().toISOString()
  return await database.transaction(async ({ rescans, audit }) => {
    const rescan = await rescans.begin(subject, place, at)
    const details = { rescan: rescan.id, collections: place.collections.length }
    await audit.append([{ at, actor: 'cli', action: 'rescan.started', subject, details }])
    return rescan
  })
}

async function save(
  { database, now }: RescanDeps,
  rescan: Rescan,
  images: readonly ImageRef[],
  place: RescanPlace,
): Promise<Rescan> {
  const at = now()
  return await database.transaction(async ({ jobs, rescans }) => {
    const queued = await jobs.enqueueRescan(images, at.toISOString(), at.getTime())
    await rescans.addImages(rescan.id, images)
    return await rescans.advance(rescan, { ...place, queued: rescan.queued + queued })
  })
}

/** One record is a walk of one step. */
function stepsOf(
  deps: RescanDeps,
  options: WalkOptions,
  { did, uri }: RescanTarget,
  from: RescanPlace,
  signal: AbortSignal,
): AsyncIterable<WalkStep> {
  return uri === undefined
    ? walkAccount(deps, options, did, from, signal)
    : takeRecord(deps, did, uri, from, signal)
}

async function* takeRecord(
  deps: RescanDeps,
  did: Did,
  uri: AtUri,
  from: RescanPlace,
  signal: AbortSignal,
): AsyncGenerator<WalkStep, void, undefined> {
  for (const counts of from.collections.slice(from.index)) {
    const fetched = await deps.fetchRecord(uri, signal)
    if (fetched.kind === 'unavailable') throw new AccountUnavailableError(fetched.reason)
    const version = { did, uri, recordCid: fetched.cid, record: fetched.record }
    const { images, drops } = deps.extractImages(version)
    const found = { ...counts, records: 1, images: images.length, refused: drops.length }
    yield { images, place: { collections: [found], index: 1, cursor: undefined } }
  }
}
