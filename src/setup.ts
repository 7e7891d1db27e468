/**
 * The composition root of `harrier setup`: what declaring takes, from the settings. Opening reads the network and works
 * out what has to change; only `apply` writes.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type AccountNetwork, explainRefusals, openAccountNetwork } from './account-network.ts'
import { createDidDocument, type DidDocument } from './atproto/did-document.ts'
import { resolveAccount } from './atproto/resolve-account.ts'
import type { Secrets } from './config/config.ts'
import type { Config } from './config/settings.ts'
import { conflictOf } from './identity/conflict-of.ts'
import {
  applyDeclaration,
  type DeclarationPlan,
  type DeclareStep,
  planDeclaration,
  readDeclared,
} from './identity/declare.ts'
import { createTokenSource, type OwnerAnswers, signInAsOwner } from './identity/owner.ts'
import { parseEndpoint } from './identity/parse-endpoint.ts'
import { AppError } from './lib/errors.ts'
import type { Did } from './model/ids.ts'
import type { Policy } from './model/policy.ts'
import { openPolicy, openSigningKey, signingKeyFile } from './resources.ts'
import { openSqlite } from './store/sqlite.ts'
import { realWorld, type World } from './world.ts'

export type { OwnerAnswers, OwnerStep } from './identity/owner.ts'

/** What a person says of the labeler that is to be; the settings say the rest. */
export type SetupRequest = {
  /** A handle or a DID; the DID of the settings when undefined. */
  readonly account: string | undefined
  /** Where the world reaches the public listener; that of the settings when undefined. */
  readonly url: string | undefined
  /** A host that resolves the handle. */
  readonly pdsUrl: string | undefined
  /** Drop what the record declares and the policy does not. */
  readonly isPruned: boolean
  /** Replace a key or an address in the DID document that is not ours. */
  readonly isReplacing: boolean
}

/** A labeler to be, with what has to change for it. */
export interface Setup {
  readonly did: Did
  readonly endpoint: string
  /** The label key, `did:key:…`; undefined for one that `apply` makes. */
  readonly labelKey: string | undefined
  /** Where the key is, as people call it. */
  readonly keyPlace: string
  readonly plan: DeclarationPlan
  /** What the document of a `did:web` has to contain; undefined for others, and as long as there is no key. */
  readonly webDocument: DidDocument | undefined
  /** True when all is as it should be. */
  readonly isDone: boolean
  /** Why `apply` would refuse: something would be replaced, and that was not asked for. */
  readonly conflict: AppError | undefined
  /** Signs in and makes the plan true; returns the label key. @throws `conflict` */
  apply(answers: OwnerAnswers): Promise<string>
}

/** Stands for the key in plans as long as there is none. */
const keyToBe = 'a new key'

/**
 * Looks at the account and the settings, and returns what has to change.
 * @throws {AppError} when a setting is missing, or the account cannot be looked at; the message says what to do.
 */
export function openSetup(
  config: Config,
  secrets: Secrets,
  request: SetupRequest,
  signal: AbortSignal,
  world: Pick<World, 'fetch' | 'now'> = realWorld,
): Promise<Setup> {
  return explainRefusals(async () => {
    const policy = requirePolicy(config)
    const endpoint = requireEndpoint(config, request)
    const labelKey = await findLabelKey(config, secrets)
    const network = openAccountNetwork(config, signal, world)
    const did = await requireAccount(config, request, network)
    const declared = await readDeclared(network, did, signal)
    const wanted = { endpoint, policy, isPruned: request.isPruned, now: world.now() }
    const planFor = (key: string) => planDeclaration(declared, { ...wanted, labelKey: key })
    const plan = planFor(labelKey ?? keyToBe)
    const keyPlace = secrets.signingKey === undefined ? signingKeyFile(config) : 'HARRIER_SIGNING_KEY'
    const conflict = request.isReplacing
      ? undefined
      : conflictOf(plan, { hasKey: labelKey !== undefined, keyPlace })
    const apply = async (answers: OwnerAnswers): Promise<string> => {
      if (conflict) throw conflict
      const host = network.hostAt(requireHost(plan))
      await using session = await signInAsOwner(host, { did, identifier: request.account ?? did }, answers)
      const key = (await openSigningKey(config, secrets)).did()
      const made: DeclareStep[] = []
      const onStep = (step: DeclareStep): void => {
        made.push(step)
        answers.onStep(step)
      }
      const plcToken = createTokenSource(session, answers)
      try {
        await applyDeclaration({ ...network, host, session, plcToken, onStep }, planFor(key), signal)
      } finally {
        if (made.length > 0) await appendAudit(config, did, { labelKey: key, made }, world.now())
      }
      return key
    }
    return {
      did,
      endpoint,
      labelKey,
      keyPlace,
      plan,
      conflict,
      webDocument: did.startsWith('did:web:') && labelKey ? webDocument(did, labelKey, endpoint) : undefined,
      isDone: plan.documentDifferences.length === 0 && (plan.record?.differences.length ?? 0) === 0,
      apply: (answers) => explainRefusals(() => apply(answers)),
    }
  })
}

/** The key that there is. None is made here: that would be a second one, where the first is on another machine. */
async function findLabelKey(config: Config, secrets: Secrets): Promise<string | undefined> {
  const isThere = secrets.signingKey !== undefined || existsSync(signingKeyFile(config))
  return isThere ? (await openSigningKey(config, secrets)).did() : undefined
}

function webDocument(did: Did, labelKey: string, endpoint: string): DidDocument {
  return createDidDocument({ did, publicKeyMultibase: labelKey.slice('did:key:'.length), endpoint })
}

function requirePolicy(config: Config): Policy {
  const policy = openPolicy(config)
  if (policy.labels.length > 0) return policy
  throw new AppError(
    'invalid',
    'Expected a policy file that declares at least one label value but received none; write labels: into it and name it in HARRIER_POLICY_FILE (docs/CONFIG.md)',
  )
}

function requireEndpoint({ publicUrl }: Config, { url }: SetupRequest): string {
  const text = url ?? publicUrl
  if (text !== undefined) return parseEndpoint(text)
  throw new AppError(
    'invalid',
    'Expected the https address under which the world will reach this labeler; set HARRIER_PUBLIC_URL, or use --url',
  )
}

async function requireAccount(config: Config, request: SetupRequest, network: AccountNetwork): Promise<Did> {
  const account = request.account ?? config.labelerDid
  if (account === undefined)
    throw new AppError('invalid', 'Expected the handle or the DID of the labeler’s account but received none')
  const host = request.pdsUrl === undefined ? undefined : network.hostAt(request.pdsUrl)
  const did = await resolveAccount({ fetch: network.fetch, host }, account)
  if (config.labelerDid === undefined || config.labelerDid === did) return did
  throw new AppError(
    'invalid',
    `Expected the account of HARRIER_LABELER_DID, ${config.labelerDid}, but received ${did}; labels are published as the former`,
  )
}

function requireHost({ did, pdsUrl, plc, documentDifferences }: DeclarationPlan): string {
  if (documentDifferences.length > 0 && !plc)
    throw new AppError(
      'conflict',
      `Expected the DID document of ${did} to have the two entries but it has not; only who serves it can change that`,
    )
  if (pdsUrl !== undefined) return pdsUrl
  throw new AppError(
    'invalid',
    `Expected ${did} to have a host for its record but its DID document names none`,
  )
}

/** Every effect leaves an audit row. The key's public half is in the DID document anyway. */
async function appendAudit(
  config: Config,
  subject: Did,
  details: { readonly labelKey: string; readonly made: readonly DeclareStep[] },
  now: Date,
): Promise<void> {
  await using database = await openSqlite({ path: join(config.dataDir, 'harrier.db') })
  const entry = { at: now.toISOString(), actor: 'cli', action: 'labeler.declared', subject, details }
  await database.transaction(async ({ audit }) => await audit.append([entry]))
}
