/**
 * The part of `app.ts` and `tools.ts` that has the targets: where actions are carried out, as the operator configured them.
 */
import { randomUUID } from 'node:crypto'
import { createFetchRecord } from './atproto/fetch-record.ts'
import type { IdentityResolver } from './atproto/identity.ts'
import { resolveAccount } from './atproto/resolve-account.ts'
import { labelerIssuer, signServiceToken } from './atproto/sign-service-token.ts'
import type { Secrets } from './config/config.ts'
import type { Config } from './config/settings.ts'
import { AppError } from './lib/errors.ts'
import type { AtUri, Cid, Did } from './model/ids.ts'
import type { ActionTarget } from './model/target.ts'
import type { ActingDocument, TargetDocument } from './model/target-document.ts'
import { createPublishRequest, type PublishRequestDeps } from './publish/publish-request.ts'
import { openSafeFetch } from './resources.ts'
import type { Database } from './store/database.ts'
import type { CallDeps } from './targets/call-xrpc.ts'
import { createLabelsTarget } from './targets/labels-target.ts'
import { createModerationTarget } from './targets/moderation-target.ts'
import { createOzoneTarget } from './targets/ozone-target.ts'
import { createPdsTarget } from './targets/pds-target.ts'
import {
  basicAuthorization,
  createAdminCaller,
  createProxiedCaller,
  type ServiceCaller,
} from './targets/service-caller.ts'
import { createWebhookTarget } from './targets/webhook-target.ts'
import { userAgent } from './version.ts'
import type { World } from './world.ts'

/** What the targets need. */
export type TargetsDeps = Pick<PublishRequestDeps, 'key' | 'declaredVals' | 'isPaced' | 'announce'> & {
  readonly config: Config
  readonly secrets: Secrets
  /** The labeler. */
  readonly src: Did
  readonly database: Pick<Database, 'labels' | 'transaction'>
  readonly identity: IdentityResolver
  readonly world: World
  /** Called after labels were published, or put into their queue; must not throw. */
  readonly onLabels: () => void
}

/** Returns our own labels, the configured targets, and the endpoints that are told of events; it reaches none. */
export function createTargets(deps: TargetsDeps): readonly ActionTarget[] {
  const { config, world } = deps
  const fetch = openSafeFetch(config, {
    userAgent,
    fetch: world.fetch,
    privateOrigins: [...config.targetPrivateOrigins, ...config.allowPrivateOrigins],
  })
  const calls = { fetch, timeoutMs: config.webhookTimeoutMs, now: world.now }
  const configured = deps.secrets.targets.map((document) => createConfigured(deps, calls, document))
  return [createOwnLabels(deps), ...configured, ...createEndpoints(deps)]
}

function createEndpoints({ config, secrets, src, world }: TargetsDeps): ActionTarget[] {
  const fetch = openSafeFetch(config, {
    userAgent,
    fetch: world.fetch,
    privateOrigins: config.webhookPrivateOrigins.map((text) => new URL(text).origin),
  })
  const { webhookTimeoutMs: timeoutMs } = config
  const deps = { fetch, timeoutMs, now: world.now, labeler: src, newId: randomUUID }
  return secrets.webhookEndpoints.map((endpoint) => createWebhookTarget(deps, endpoint))
}

function createOwnLabels({ database, src, world, onLabels, ...signing }: TargetsDeps): ActionTarget {
  const request = createPublishRequest({ ...signing, src, database, actor: 'harrier', now: world.now })
  return createLabelsTarget({
    async publish(label) {
      const { kind } = await request(label)
      onLabels()
      return kind
    },
    statesOf: (uri) => database.labels.states(src, [uri]),
    now: world.now,
    labeler: src,
  })
}

function createConfigured(deps: TargetsDeps, calls: CallDeps, document: TargetDocument): ActionTarget {
  const { src: labeler, world } = deps
  if (document.kind === 'pds') {
    const authorize = authorizationOf(deps, document)
    return createPdsTarget({ ...calls, authorize, resolveHost: hostNow(deps), labeler }, document)
  }
  const caller = callerOf(deps, calls, document)
  return document.kind === 'ozone'
    ? createOzoneTarget({ caller, labeler, versionOf: versionOf(deps), now: world.now }, document)
    : createModerationTarget({ caller, labeler }, document)
}

/** An admin's password, or for each call a token of the labeler's, which a PDS takes whose moderation service it is. */
function authorizationOf(
  { key, src }: TargetsDeps,
  { adminPassword, did }: Extract<TargetDocument, { kind: 'pds' }>,
): (nsid: string) => Promise<string> {
  if (adminPassword !== undefined) return async () => basicAuthorization(adminPassword)
  return async (lxm) => `Bearer ${await signServiceToken(key(), { iss: labelerIssuer(src), aud: did, lxm })}`
}

/** The host that an account's document names, at most a minute ago. */
function hostNow({ identity }: TargetsDeps): (did: Did, signal: AbortSignal) => Promise<string | undefined> {
  return async (did, signal) => {
    await identity.refreshDoc(did, signal)
    return await identity.resolvePds(did, signal)
  }
}

/** What the host of a record has; a host that is unwell, or lies about a CID, does not say. */
function versionOf({
  config,
  identity,
  world,
}: TargetsDeps): (uri: AtUri, signal: AbortSignal) => Promise<Cid | undefined> {
  // Strangers choose these hosts: the private origins of the targets are not for them.
  const fetch = openSafeFetch(config, { userAgent, fetch: world.fetch })
  const { fetchTimeoutMs: timeoutMs } = config
  const fetchRecord = createFetchRecord(
    { resolvePds: identity.resolvePds, fetch },
    { timeoutMs, idleTimeoutMs: timeoutMs / 2 },
  )
  return async (uri, signal) => {
    try {
      const fetched = await fetchRecord(uri, signal)
      return fetched.kind === 'record' ? fetched.cid : undefined
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof AppError)) throw error
      return undefined
    }
  }
}

function callerOf(
  deps: TargetsDeps,
  calls: CallDeps,
  document: Exclude<TargetDocument, { kind: 'pds' }>,
): ServiceCaller {
  if (document.acting === undefined) return createAdminCaller(calls, { ...document, actor: deps.src })
  const { identifier, password } = document.acting
  const resolveHost = hostOfAccount(deps, calls, document.acting)
  return createProxiedCaller(calls, document.did, { identifier, password, resolveHost })
}

function hostOfAccount(
  { identity }: TargetsDeps,
  { fetch }: CallDeps,
  { identifier, pds }: ActingDocument,
): (signal: AbortSignal) => Promise<string> {
  return async (signal) => {
    if (pds !== undefined) return new URL(pds).origin
    const did = await resolveAccount({ fetch, host: undefined }, identifier)
    const host = await identity.resolvePds(did, signal)
    if (host !== undefined) return host
    throw new AppError('not-found', `Expected an account with a host but received ${did}, which has none`)
  }
}
