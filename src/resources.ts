import { hash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createKeyFolder, type KeyFolder } from './atproto/key-folder.ts'
import { createLabelKeyDocument, type LabelKeyDocument } from './atproto/label-key-document.ts'
import { importSigningKey, type SigningKey } from './atproto/signing-key.ts'
import { auditedKeys } from './audit/audited-keys.ts'
import { recordSettings } from './audit/record-settings.ts'
import { openSecretDigest } from './audit/settings-salt.ts'
import type { Secrets } from './config/config.ts'
import { effectiveSettings } from './config/effective-settings.ts'
import { cautiousPolicy, parsePolicy } from './config/policy.ts'
import type { Destinations } from './config/policy-problems.ts'
import type { Config } from './config/settings.ts'
import { type Keyring, openKeyring } from './keyring.ts'
import { AppError } from './lib/errors.ts'
import { createSafeFetch, type SafeFetch } from './lib/safe-fetch.ts'
import { ownTargets } from './model/effect.ts'
import type { HashPlan } from './model/hash-plan.ts'
import { type Did, parseDid } from './model/ids.ts'
import { banksOfVainBlocks, missingTiers, type Policy } from './model/policy.ts'
import { actionsOfKind } from './model/target.ts'
import type { HashPoolOptions } from './scan/hash-pool.ts'
import type { SequenceStart } from './store/continue-sequence.ts'
import type { Database } from './store/database.ts'
import { openSqlite } from './store/sqlite.ts'
import { realWorld, type World } from './world.ts'

/** What both the service and the operator's commands stand on. The opener of `database` closes it. */
export type Resources = {
  readonly database: Database
  readonly keyring: Keyring
  readonly keyFolder: KeyFolder
  /** The labeler. */
  readonly src: Did
  readonly policy: Policy
  /** The digest of the policy file, 16 hex digits; `none` without one. */
  readonly policyVersion: string
  /** What is left to its default and matters, each with what it means and what to do about it. */
  readonly notices: readonly Notice[]
}

/** One thing that the operator has not decided. */
export type Notice = { readonly setting: string; readonly means: string; readonly fix: string }

/**
 * Opens the database and the signing key, and reads the policy. Only the service may take up another key that the
 * operator has set: see `openKeyring`. What the service is about to run on is in the audit before anything is done by it.
 * @throws {LabelsLostError} when labels were published and their database is gone; the message says what to do.
 */
export async function openResources(
  config: Config,
  secrets: Secrets,
  {
    opener,
    now,
    isSender = true,
  }: {
    readonly opener: 'service' | 'command'
    readonly now: () => Date
    /** False for one that sends nothing, and need not have the settings of what others send to. */
    readonly isSender?: boolean
  },
): Promise<Resources> {
  const { policy, policyDigest } = readPolicy(config, isSender ? destinationsOf(secrets) : undefined)
  await using opening = new AsyncDisposableStack()
  const database = opening.use(await openSqlite({ path: databaseFile(config), seqFloor: config.seqFloor }))
  if (opener === 'service')
    await recordSettings(database, {
      settings: effectiveSettings(config, secrets, openSecretDigest(config.dataDir)),
      policy: { file: config.policyFile, digest: policyDigest },
      at: now().toISOString(),
    })
  const keyFolder = createKeyFolder(config.dataDir)
  const src = labelerOf(config)
  const keys = auditedKeys(database, { actor: opener === 'service' ? 'harrier' : 'cli', src })
  const sources = { store: keys, folder: keyFolder, setting: secrets.signingKey, now }
  const keyring = await openKeyring(sources, opener)
  opening.move()
  const notices = [
    ...noticesOf(config, secrets, keyring),
    ...sequenceNotices(database.sequence),
    ...missingTiers(policy, await database.banks.settings()).map(tierNotice),
    ...banksOfVainBlocks(policy).map(blockNotice),
  ]
  return {
    database,
    keyring,
    keyFolder,
    src,
    policy,
    policyVersion: policyDigest?.slice(0, 16) ?? 'none',
    notices,
  }
}

/** Returns the fetch that keeps to public addresses; what else differs is the caller's to say. */
export function openSafeFetch(
  config: Config,
  {
    userAgent,
    fetch,
    allowsPlainHttp = false,
    privateOrigins = config.allowPrivateOrigins,
  }: {
    readonly userAgent: string
    readonly fetch: World['fetch']
    readonly allowsPlainHttp?: boolean
    /** Origins that may be private; those of the settings unless told. */
    readonly privateOrigins?: readonly string[]
  },
): SafeFetch {
  return createSafeFetch({
    allowsPlainHttp,
    timeoutMs: config.fetchTimeoutMs,
    maxRedirects: config.maxRedirects,
    allowedPrivateOrigins: privateOrigins,
    userAgent,
    fetch,
  })
}

/** Returns the labeler's DID document. A `did:web` is ours when its host is that of the public listener. */
export function openLabelKeyDocument(config: Config, fetch: SafeFetch): LabelKeyDocument {
  const did = labelerOf(config)
  const host = /^did:web:([^:]+)$/.exec(did)?.[1]
  const publicHost = config.publicUrl === undefined ? undefined : new URL(config.publicUrl).host
  const isOurs =
    host !== undefined && (config.labelerDid === undefined || decodeURIComponent(host) === publicHost)
  return createLabelKeyDocument({
    did,
    isOurs,
    fetch,
    plcUrl: config.plcUrl,
    timeoutMs: config.fetchTimeoutMs,
  })
}

/** Returns the policy of the policy file, or the cautious one where none is named; where its effects go to is not looked at. */
export function openPolicy(config: Config): Policy {
  return readPolicy(config).policy
}

/** Returns where a policy's effects can go to, by the settings. */
export function destinationsOf({
  targets,
  webhookEndpoints,
}: Pick<Secrets, 'targets' | 'webhookEndpoints'>): Destinations {
  const endpoints = webhookEndpoints.map(({ id }) => id)
  const own = { id: ownTargets.labels, kind: 'labels' } as const
  const all = [own, ...targets, ...endpoints.map((id) => ({ id, kind: 'webhook' }) as const)]
  return {
    targets: all.map(({ id, kind }) => ({ id, can: actionsOfKind[kind] })),
    endpoints,
  }
}

/** Also returns the SHA-256 of the file's text, 64 hex digits; undefined where none is named. */
function readPolicy(
  { policyFile }: Config,
  destinations?: Destinations,
): { readonly policy: Policy; readonly policyDigest: string | undefined } {
  if (policyFile === undefined) return { policy: cautiousPolicy, policyDigest: undefined }
  const text = readFileSync(policyFile, 'utf8')
  return { policy: parsePolicy(text, policyFile, destinations), policyDigest: hash('sha256', text) }
}

/**
 * Returns the key that labels are signed with, for those who have no store open: the live one where there is a database,
 * else that of the settings or of the key file, made on first use.
 * @throws {LiveKeyMissingError}
 */
export async function openSigningKey(config: Config, { signingKey: setting }: Secrets): Promise<SigningKey> {
  const folder = createKeyFolder(config.dataDir)
  if (!existsSync(databaseFile(config)))
    return setting === undefined ? folder.openCurrent() : importSigningKey(setting)
  await using database = await openSqlite({ path: databaseFile(config) })
  const store = auditedKeys(database, { actor: 'cli', src: labelerOf(config) })
  const sources = { store, folder, setting, now: realWorld.now }
  return (await openKeyring(sources, 'command')).current
}

/** Makes sure that there is a database, for those who would not learn anything from a new one. @throws {AppError} `not-found` */
export function requireDatabase(config: Config): void {
  if (existsSync(databaseFile(config))) return
  throw new AppError(
    'not-found',
    `Expected a database at ${databaseFile(config)} but there is none; HARRIER_DATA_DIR names its folder`,
  )
}

/** Returns the label keys (`did:key:…`), live, retired and next, that the database knows; none where there is no database. */
export async function loadLabelKeys(config: Config): Promise<string[]> {
  if (!existsSync(databaseFile(config))) return []
  await using database = await openSqlite({ path: databaseFile(config) })
  return (await database.keys.list()).map(({ didKey }) => didKey)
}

/** The file of the database. */
export function databaseFile({ dataDir }: Config): string {
  return join(dataDir, 'harrier.db')
}

/** The file of the signing key, for where none is set. */
export function signingKeyFile({ dataDir }: Config): string {
  return join(dataDir, 'signing-key.hex')
}

/** Which looks at an image are hashed: those of the settings, in what the banks need. */
export function hashPlanOf(config: Config, needed: Pick<HashPlan, 'profiles' | 'hasSha1'>): HashPlan {
  return {
    profiles: needed.profiles,
    hasSha1: needed.hasSha1,
    isOriented: config.hashOriented,
    isFlattened: config.hashFlattened,
    frames: config.hashFrames,
    isTurned: config.hashTurned,
  }
}

/** The hash pool's limits, in its own words. */
export function hashPoolOptions(config: Config): HashPoolOptions {
  return {
    processes: config.hashProcesses,
    maxPixels: config.maxPixels,
    timeoutMs: config.hashTimeoutMs,
    maxMemoryBytes: config.hashMemoryBytes,
    maxQueue: config.jobsAtOnce * 2,
  }
}

/** Without a DID of its own, Harrier labels as the `did:web` of its own port: verifiable here, followed by nobody. */
export function labelerOf(config: Config): Did {
  return config.labelerDid ?? (parseDid(`did:web:localhost%3A${config.publicPort}`) as Did)
}

/** Says once that labels may be missing: the next opening finds the sequence where this one has put it. */
function sequenceNotices(sequence: SequenceStart): Notice[] {
  if (sequence.kind === 'continued') return []
  const { from, to, because } = sequence
  const reason =
    because === 'floor'
      ? 'as asked'
      : 'because the database is an older copy of the one that published labels'
  return [
    {
      setting: 'HARRIER_SEQ_FLOOR',
      means: `the label sequence goes on above ${to} instead of ${from}, ${reason}; labels in between may be lost`,
      fix: 'nothing has to be set; what is lost stays in force with subscribers until it is published or withdrawn anew',
    },
  ]
}

function tierNotice({ bank, tier }: { readonly bank: string; readonly tier: string }): Notice {
  return {
    setting: 'HARRIER_POLICY_FILE',
    means: `what it says of tier ${tier} of bank ${bank} is for nothing: the bank has no such tier`,
    fix: `name the bank's tiers: harrier bank set ${bank} --tiers ${tier}=BITS, with its others`,
  }
}

function blockNotice(bank: string): Notice {
  return {
    setting: 'HARRIER_POLICY_FILE',
    means: `a block of ${bank} is for nothing: what an upload will be shown as is not known, and its tier names uses`,
    fix: 'give the block a tier of its own, without uses',
  }
}

function noticesOf(config: Config, secrets: Secrets, keyring: Keyring): Notice[] {
  const notices: (Notice | false)[] = [
    config.policyFile === undefined && {
      setting: 'HARRIER_POLICY_FILE',
      means: 'matches are logged and nothing is labeled',
      fix: 'write a policy (see docs/CONFIG.md) and name its file',
    },
    config.labelerDid === undefined && {
      setting: 'HARRIER_LABELER_DID',
      means: `labels are published as ${labelerOf(config)}, which only this machine can resolve`,
      fix: 'create an account for the labeler, run "harrier setup", and set its DID (see docs/OPERATING.md)',
    },
    secrets.signingKey === undefined && {
      setting: 'HARRIER_SIGNING_KEY',
      means: `labels are signed with the key in ${signingKeyFile(config)}, generated on first use`,
      fix: 'back that file up, or set a key of your own',
    },
    keyring.isSettingRetired && {
      setting: 'HARRIER_SIGNING_KEY',
      means: 'it holds a key that was rotated out; labels are signed with the key in the data folder',
      fix: 'remove the setting, and back up signing-key.hex',
    },
    config.labelerDid?.startsWith('did:web:') === true &&
      config.publicUrl === undefined && {
        setting: 'HARRIER_PUBLIC_URL',
        means: 'did.json names http://localhost as the endpoint',
        fix: 'set the https URL under which the public listener is reached',
      },
    config.webhooks === 'unsigned' && {
      setting: 'HARRIER_WEBHOOKS',
      means: 'anyone who reaches the public listener can have content reviewed or taken down',
      fix: 'set it to signed, with HARRIER_WEBHOOK_SECRET',
    },
    config.apiLoopbackOpen && {
      setting: 'HARRIER_API_LOOPBACK_OPEN',
      means: 'callers on this machine may do anything that the REST API does, without a key',
      fix: 'leave it off outside development',
    },
    config.allowPrivateOrigins.length > 0 && {
      setting: 'HARRIER_ALLOW_PRIVATE_ORIGINS',
      means: `private addresses may be fetched: ${config.allowPrivateOrigins.join(', ')}`,
      fix: 'leave it empty outside development',
    },
  ]
  return notices.filter((notice) => notice !== false)
}
