/**
 * Wires `harrier rescan`: the account's host, asked at a pace, and the store, in which the service finds what is queued.
 */

import { explainRefusals, openAccountNetwork } from './account-network.ts'
import { createFetchRecord } from './atproto/fetch-record.ts'
import { createIdentityResolver } from './atproto/identity.ts'
import { createListCollections } from './atproto/list-collections.ts'
import { createListRecords } from './atproto/list-records.ts'
import { type ResolveAccountDeps, resolveAccount } from './atproto/resolve-account.ts'
import type { Secrets } from './config/config.ts'
import type { Config } from './config/settings.ts'
import { extractImages } from './ingest/extract-images.ts'
import { AppError } from './lib/errors.ts'
import { createPace } from './lib/pace.ts'
import { type Did, parseAtUri } from './model/ids.ts'
import { askPatiently, type Patience } from './rescan/ask-patiently.ts'
import { createRescans, type RescanDeps, type Rescans, type RescanTarget } from './rescan/rescan.ts'
import { openResources } from './resources.ts'
import { realWorld } from './world.ts'

/** How hosts are asked. */
export type RescanRequest = {
  /** The most questions in a second. */
  readonly perSecond: number
  /** Records that are asked for at once, 1 to 100. */
  readonly pageSize: number
  /** A host that knows handles which nobody else resolves. */
  readonly pdsUrl: string | undefined
  readonly onWait: Patience['onWait']
}

/** Rescans, and what finds their subjects. */
export type OpenRescans = Rescans &
  AsyncDisposable & {
    /**
     * Returns what a person names: an account by handle or DID, or a record by its AT URI.
     * @throws {AppError} `invalid` when it is none of these, `not-found` when nobody knows the handle.
     */
    find(subject: string): Promise<RescanTarget>
  }

/** Tries of one question: with the waits between them some ten minutes. */
const maxAttempts = 14
const backoff = { baseMs: 1_000, maxMs: 60_000 }
/** More than any account has; what has more is not an account of a person. */
const maxRecords = 2_000_000

/** Opens rescans on the data folder of the settings. Whatever asks hosts ends with the signal. */
export async function openRescans(
  config: Config,
  secrets: Secrets,
  request: RescanRequest,
  signal: AbortSignal,
): Promise<OpenRescans> {
  const { now } = realWorld
  const network = openAccountNetwork(config, signal)
  const host = request.pdsUrl === undefined ? undefined : network.hostAt(request.pdsUrl)
  const { database } = await openResources(config, secrets, { opener: 'command', now })
  const rescans = createRescans(
    {
      database,
      ...patientHosts(config, network.fetch, request),
      extractImages: (version) => extractImages(version, config.maxBlobsPerRecord),
      now,
    },
    { pageSize: request.pageSize, maxRecords },
  )
  return {
    ...rescans,
    find: (subject) => explainRefusals(() => findSubject({ fetch: network.fetch, host }, subject)),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

/** What asks hosts: at the pace, and again where that may help. Nothing of it is kept. */
function patientHosts(
  config: Config,
  fetch: ResolveAccountDeps['fetch'],
  { perSecond, onWait }: RescanRequest,
): Pick<RescanDeps, 'listCollections' | 'listRecords' | 'fetchRecord'> {
  const docs = new Map<Did, { readonly doc: string; readonly updatedAt: number }>()
  const store = {
    load: async (did: Did) => docs.get(did),
    save: async (did: Did, doc: { readonly doc: string; readonly updatedAt: number }) =>
      void docs.set(did, doc),
    forget: async (dids: readonly Did[]) => dids.forEach((did) => docs.delete(did)),
  }
  const { plcUrl, fetchTimeoutMs: timeoutMs } = config
  const identity = createIdentityResolver({
    store,
    fetch,
    plcUrl,
    timeoutMs,
    now: () => realWorld.now().getTime(),
  })
  const hosts = { resolvePds: identity.resolvePds, fetch }
  const times = { timeoutMs, idleTimeoutMs: timeoutMs / 2 }
  const patience = { pace: createPace(perSecond), maxAttempts, backoff, random: realWorld.random, onWait }
  const listCollections = createListCollections(hosts, times)
  const listRecords = createListRecords(hosts, times)
  const fetchRecord = createFetchRecord(hosts, times)
  return {
    listCollections: (did, signal) => askPatiently(() => listCollections(did, signal), patience, signal),
    listRecords: (did, collection, page, signal) =>
      askPatiently(() => listRecords(did, collection, page, signal), patience, signal),
    fetchRecord: (uri, signal) => askPatiently(() => fetchRecord(uri, signal), patience, signal),
  }
}

async function findSubject(deps: ResolveAccountDeps, subject: string): Promise<RescanTarget> {
  if (!subject.startsWith('at://')) return { did: await resolveAccount(deps, subject), uri: undefined }
  const [, , authority = '', ...path] = subject.split('/')
  const did = await resolveAccount(deps, authority)
  if (path.length === 0) return { did, uri: undefined }
  const uri = parseAtUri(`at://${did}/${path.join('/')}`)
  if (uri) return { did, uri }
  throw new AppError(
    'invalid',
    `Expected a record such as at://${did}/app.bsky.feed.post/3kx… but received ${JSON.stringify(subject.slice(0, 300))}`,
  )
}
