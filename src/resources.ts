import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openKeyFile } from './atproto/key-file.ts'
import { importSigningKey, type SigningKey } from './atproto/signing-key.ts'
import type { Secrets } from './config/config.ts'
import { cautiousPolicy, parsePolicy } from './config/policy.ts'
import type { Config } from './config/settings.ts'
import type { HashPlan } from './model/hash-plan.ts'
import { type Did, parseDid } from './model/ids.ts'
import type { Policy } from './model/policy.ts'
import type { HashPoolOptions } from './scan/hash-pool.ts'
import type { SequenceStart } from './store/continue-sequence.ts'
import type { Database } from './store/database.ts'
import { openSqlite } from './store/sqlite.ts'

/** What both the service and the operator's commands stand on. The opener of `database` closes it. */
export type Resources = {
  readonly database: Database
  readonly key: SigningKey
  /** The labeler. */
  readonly src: Did
  readonly policy: Policy
  /** What is left to its default and matters, each with what it means and what to do about it. */
  readonly notices: readonly Notice[]
}

/** One thing that the operator has not decided. */
export type Notice = { readonly setting: string; readonly means: string; readonly fix: string }

/**
 * Opens the database and the signing key, and reads the policy.
 * @throws {LabelsLostError} when labels were published and their database is gone; the message says what to do.
 */
export async function openResources(config: Config, secrets: Secrets): Promise<Resources> {
  const policy = openPolicy(config)
  const key = await openSigningKey(config, secrets)
  const database = await openSqlite({ path: join(config.dataDir, 'harrier.db'), seqFloor: config.seqFloor })
  const notices = [...noticesOf(config, secrets), ...sequenceNotices(database.sequence)]
  return { database, key, src: labelerOf(config), policy, notices }
}

/** Returns the policy of the policy file, or the cautious one where none is named. */
export function openPolicy({ policyFile }: Config): Policy {
  return policyFile === undefined ? cautiousPolicy : parsePolicy(readFileSync(policyFile, 'utf8'), policyFile)
}

/** Returns the key that labels are signed with: that of the settings, else that of the key file, made on first use. */
export function openSigningKey(config: Config, { signingKey }: Secrets): Promise<SigningKey> {
  return signingKey === undefined ? openKeyFile(signingKeyFile(config)) : importSigningKey(signingKey)
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
function labelerOf(config: Config): Did {
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

function noticesOf(config: Config, secrets: Secrets): Notice[] {
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
    config.labelerDid?.startsWith('did:web:') === true &&
      config.publicUrl === undefined && {
        setting: 'HARRIER_PUBLIC_URL',
        means: 'did.json names http://localhost as the endpoint',
        fix: 'set the https URL under which the public listener is reached',
      },
    config.allowPrivateOrigins.length > 0 && {
      setting: 'HARRIER_ALLOW_PRIVATE_ORIGINS',
      means: `private addresses may be fetched: ${config.allowPrivateOrigins.join(', ')}`,
      fix: 'leave it empty outside development',
    },
  ]
  return notices.filter((notice) => notice !== false)
}
