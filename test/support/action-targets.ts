/** Targets as the service has them, over real servers, for tests that hold every kind to the same. */
import { randomBytes, randomUUID } from 'node:crypto'
import { createTargets } from '../../src/app-targets.ts'
import { createIdentityResolver } from '../../src/atproto/identity.ts'
import { importSigningKey } from '../../src/atproto/signing-key.ts'
import { parseConfig } from '../../src/config/config.ts'
import type { Env } from '../../src/config/env.ts'
import { createSafeFetch } from '../../src/lib/safe-fetch.ts'
import { parseAtUri, parseBlobCid, parseCid, parseDid } from '../../src/model/ids.ts'
import type {
  ActionTarget,
  SubjectAction,
  TargetAction,
  TargetOutcome,
  TargetSubject,
} from '../../src/model/target.ts'
import type { Database } from '../../src/store/database.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { realWorld } from '../../src/world.ts'
import type { Account, Post } from './accounts.ts'
import { createLabelKey } from './label-key.ts'
import type { Network } from './network.ts'

/** A labeler whose targets are asked. */
export type TestLabeler = Account & { readonly privateHex: string }

/** Makes an account of the network a labeler, with a key that the test has too. */
export async function createTestLabeler(network: Network, handle: string): Promise<TestLabeler> {
  const { privateHex, didKey } = await createLabelKey()
  const account = await network.createLabelerAccount(handle, {
    labelKeyDidKey: didKey,
    endpoint: 'http://localhost:1',
  })
  return { ...account, privateHex }
}

/** Targets as configured, endpoints last, and our own labels, over a store in memory. */
export type OpenTargets = {
  readonly targets: readonly ActionTarget[]
  readonly labels: ActionTarget
  readonly database: Database
} & AsyncDisposable

/** Opens the targets of these documents, as the settings have them, for a labeler. */
export async function openTargets(
  network: Pick<Network, 'plcUrl' | 'pdsUrl'>,
  labeler: Pick<TestLabeler, 'did' | 'privateHex'>,
  documents: readonly object[],
  more: { readonly origins?: readonly string[]; readonly timeoutMs?: number; readonly env?: Env } = {},
): Promise<OpenTargets> {
  const origins = [network.plcUrl, network.pdsUrl, ...(more.origins ?? [])]
  const { config, secrets } = parseConfig({
    HARRIER_TARGETS: JSON.stringify(documents),
    HARRIER_TARGET_PRIVATE_ORIGINS: origins.join(','),
    HARRIER_ALLOW_PRIVATE_ORIGINS: `${network.plcUrl},${network.pdsUrl}`,
    HARRIER_WEBHOOK_TIMEOUT_MS: String(more.timeoutMs ?? 10_000),
    ...more.env,
  })
  const database = await openSqlite({ path: ':memory:' })
  const key = await importSigningKey(labeler.privateHex)
  const fetch = createSafeFetch({
    timeoutMs: 5000,
    maxRedirects: 3,
    allowedPrivateOrigins: origins,
    userAgent: 'harrier-test',
  })
  const identity = createIdentityResolver({
    store: database.dids,
    fetch,
    plcUrl: network.plcUrl,
    timeoutMs: 5000,
    now: Date.now,
  })
  const src = parseDid(labeler.did) ?? fail('a DID')
  const [labels = fail('our own labels'), ...targets] = createTargets({
    config,
    secrets,
    src,
    key: () => key,
    declaredVals: new Set(['known-image']),
    isPaced: false,
    announce: async () => 0,
    onLabels: () => {},
    database,
    identity,
    world: realWorld,
  })
  return { targets, labels, database, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() }
}

/** Returns a post as what an action is about, with its blobs. */
export function subjectOfPost({ did }: Pick<Account, 'did'>, post: Post): TargetSubject & { kind: 'record' } {
  return {
    kind: 'record',
    did: parseDid(did) ?? fail('a DID'),
    uri: parseAtUri(post.uri) ?? fail('a record URI'),
    cid: parseCid(post.cid) ?? fail('a CID'),
    blobs: post.blobCids.map((cid) => parseBlobCid(cid) ?? fail('the CID of a blob')),
  }
}

/** What is asked for, without what every action has. */
export type Wish =
  | { readonly kind: 'takedown' | 'restore' | 'divert' }
  | { readonly kind: 'report'; readonly reasonType: string }
  | { readonly kind: 'label'; readonly create: readonly string[]; readonly negate: readonly string[] }

/** Returns an action with an id of its own. */
export function actionOf(wish: Wish, subject: TargetSubject): SubjectAction {
  return {
    ...wish,
    subject,
    effectId: randomBytes(3).readUIntBE(0, 3) + 1,
    externalId: randomUUID(),
    because: 'bank known, distance 3, content 7',
  }
}

/** Has a target carry out an action. */
export function carryOut(
  target: ActionTarget,
  action: TargetAction,
  wasCutOff = false,
): Promise<TargetOutcome> {
  return target.carryOut(action, { signal: new AbortController().signal, wasCutOff })
}

function fail(what: string): never {
  throw new Error(`Expected ${what}`)
}
