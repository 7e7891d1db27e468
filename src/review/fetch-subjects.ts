/**
 * Finds the images of what was reported, or of a record that shows a match that was sent to us: fetches its record from its host and hands the images to the pipeline, ahead
 * of the stream's.
 *
 * Owns: when a record is fetched, and what becomes of one that cannot be. Leaves to others: the request itself, which
 * images a record shows, and looking at them. Invariants: a fetch ends together with the jobs that it leads to; an
 * attempt is counted before it starts; a failure of the store stops the service.
 */
import type { Log } from '../lib/logger.ts'
import { type TryOptions, tryWork } from '../lib/try-work.ts'
import { createWorkLoop, type WorkLoop } from '../lib/work-loop.ts'
import { type AtUri, type Cid, type Did, parseDid } from '../model/ids.ts'
import type { ImageRef } from '../model/image.ts'
import { isSuspicious, type UnavailableReason } from '../model/scan.ts'
import type { Database } from '../store/database.ts'
import type { SubjectFetch } from '../store/subject-fetch-store.ts'

/** A record as its host has it now, or why the host does not give it. */
type FetchedRecord =
  | { readonly kind: 'record'; readonly cid: Cid; readonly record: unknown }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason }

/** A version of a record, as whoever looks for its images needs it. */
type RecordVersion = {
  readonly did: Did
  readonly uri: AtUri
  readonly recordCid: Cid
  readonly record: unknown
}

/** What fetching subjects needs. */
export type FetchSubjectsDeps = {
  readonly database: Pick<Database, 'transaction' | 'subjectFetches'>
  readonly fetchRecord: (uri: AtUri, signal: AbortSignal) => Promise<FetchedRecord>
  readonly extractImages: (version: RecordVersion) => readonly ImageRef[]
  /** Called after images were queued; must not throw. */
  readonly onJobs: () => void
  readonly logger: Log
  readonly now: () => Date
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number
}

/** How fetches are made. */
export type FetchSubjectsOptions = TryOptions & { readonly atOnce: number }

/** Returns the loop that fetches what was reported; starts nothing. */
export function createFetchSubjects(deps: FetchSubjectsDeps, options: FetchSubjectsOptions): WorkLoop {
  return createWorkLoop<SubjectFetch, AtUri>({
    claim: (limit, busy) => deps.database.subjectFetches.claim(deps.now().getTime(), limit, busy),
    keyOf: ({ uri }) => uri,
    work: (fetch, ending) => attempt(deps, options, fetch, ending),
    atOnce: options.atOnce,
    pollMs: 1000,
  })
}

async function attempt(
  deps: FetchSubjectsDeps,
  options: FetchSubjectsOptions,
  fetch: SubjectFetch,
  ending: AbortSignal,
): Promise<void> {
  const startedAt = performance.now()
  const tell = (outcome: string, images: number): void =>
    deps.logger.info(
      {
        review: fetch.reviewId ?? null,
        uri: fetch.uri,
        outcome,
        images,
        attempts: fetch.attempts,
        durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
      },
      'subject.fetched',
    )
  const look = async (signal: AbortSignal) =>
    await save(deps, fetch, await deps.fetchRecord(fetch.uri, signal))
  const tried = await tryWork(look, options, { attempt: fetch.attempts, ending, random: deps.random })
  const at = deps.now()
  switch (tried.kind) {
    case 'cut-off':
      return
    case 'done':
      return tell(tried.value.outcome, tried.value.images)
    case 'retry':
      await deps.database.subjectFetches.retry(fetch.id, tried.reason, at.getTime() + tried.waitMs)
      return tell('retried', 0)
    case 'dead':
      await deps.database.subjectFetches.end(fetch.id, 'dead', tried.reason, at.toISOString())
      return tell('dead', 0)
  }
}

async function save(
  { database, extractImages, onJobs, now }: FetchSubjectsDeps,
  { id, reviewId, uri, cid }: SubjectFetch,
  found: FetchedRecord,
): Promise<{ readonly outcome: string; readonly images: number }> {
  const at = now()
  if (found.kind === 'unavailable') {
    const outcome = `unavailable:${found.reason}`
    const state = isSuspicious(found.reason) ? 'dead' : 'done'
    await database.subjectFetches.end(id, state, outcome, at.toISOString())
    return { outcome, images: 0 }
  }
  const did = parseDid(uri.split('/')[2]) as Did
  const images = extractImages({ did, uri, recordCid: found.cid, record: found.record })
  const outcome = cid === undefined || cid === found.cid ? 'found' : 'found:other-version'
  await database.transaction(async (stores) => {
    if (reviewId !== undefined) await stores.evidence.addImages(reviewId, images)
    await stores.jobs.enqueueReported(images, at.toISOString(), at.getTime())
    await stores.subjectFetches.end(id, 'done', outcome, at.toISOString())
  })
  if (images.length > 0) onJobs()
  return { outcome, images: images.length }
}
