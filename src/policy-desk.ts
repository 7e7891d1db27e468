/**
 * The composition root of `harrier policy`: a policy file beside the settings and what the database knows. It opens the database
 * for reading alone, and works without one, and beside a service that runs.
 */
import { existsSync, readFileSync } from 'node:fs'
import { quotasOf } from './app-acting.ts'
import type { Secrets } from './config/config.ts'
import { cautiousPolicy, parsePolicy } from './config/policy.ts'
import type { Config } from './config/settings.ts'
import { AppError } from './lib/errors.ts'
import { openMatcher } from './match/match.ts'
import type { Bank } from './model/bank.ts'
import { banksOfVainBlocks, missingTiers, type Policy } from './model/policy.ts'
import { replayPolicies } from './replay/replay.ts'
import type { ReplayReport } from './replay/replay-report.ts'
import { databaseFile, destinationsOf, hashPlanOf, labelerOf } from './resources.ts'
import { DatabaseUnusableError, openSqliteToRead } from './store/sqlite.ts'
import { realWorld } from './world.ts'

export type {
  ReplayChange,
  ReplayedEffect,
  ReplayTotal,
} from './replay/replay-report.ts'

/** Something about a policy that stops nothing, and that its author may not know. */
export type PolicyRemark =
  /** The file names a bank that does not exist. */
  | { readonly kind: 'no-such-bank'; readonly bank: string }
  /** The file names a tier that the bank does not have. */
  | { readonly kind: 'no-such-tier'; readonly bank: string; readonly tier: string }
  /** The file names a negative bank, whose matches never act. */
  | { readonly kind: 'negative-bank'; readonly bank: string }
  /** A block that no upload can have, for its tier names uses. */
  | { readonly kind: 'vain-block'; readonly bank: string }
  /** The bank exists, is not named, and follows `otherBanks`. */
  | { readonly kind: 'follows-other-banks'; readonly bank: string }
  /** The database was not looked at, for the reason given. */
  | { readonly kind: 'no-database'; readonly because: string }

/** A policy that can be used. */
export type CheckedPolicy = {
  /** Undefined where the settings name no file: then it is the cautious policy. */
  readonly file: string | undefined
  readonly policy: Policy
  readonly remarks: readonly PolicyRemark[]
}

/**
 * Reads a policy file, that of the settings unless told, against the settings and the banks there are.
 * @throws {PolicyError} listing every problem.
 */
export async function checkPolicy(config: Config, secrets: Secrets, named?: string): Promise<CheckedPolicy> {
  const { file, policy } = readPolicyFile(config, secrets, named)
  const remarks = [
    ...banksOfVainBlocks(policy).map((bank) => ({ kind: 'vain-block', bank }) as const),
    ...(await remarksOfDatabase(config, policy)),
  ]
  return { file, policy, remarks }
}

/** What a replay is asked for. */
export type ReplayWish = {
  /** The other policy's file; that of the settings without, which is then compared with what was done. */
  readonly file: string | undefined
  /** How far back. */
  readonly sinceMs: number
  readonly bank: string | undefined
  readonly limit: number
  readonly onProgress: (done: number, total: number) => void
}

/** What became of a replay, and of what. */
export type PolicyReplay = ReplayReport & {
  readonly file: string | undefined
  /** The policy in force; undefined for the cautious one. */
  readonly currentFile: string | undefined
  /** ISO 8601. */
  readonly since: string
  readonly until: string
}

/**
 * Returns what a policy would have done about the images of some days, with the banks of today, beside what the policy in force would
 * do and what was done. Reads the database, and writes nothing.
 * @throws {PolicyError} for either file; a `not-found` error where there is no database, or no bank of that name.
 */
export async function replayPolicy(
  config: Config,
  secrets: Secrets,
  wish: ReplayWish,
): Promise<PolicyReplay> {
  const other = readPolicyFile(config, secrets, wish.file)
  const current = readPolicyFile(config, secrets, undefined)
  const path = databaseFile(config)
  if (!existsSync(path)) throw new AppError('not-found', `Expected a database at ${path} but there is none`)
  await using opening = new AsyncDisposableStack()
  const stores = opening.use(await openSqliteToRead(path))
  if (wish.bank !== undefined && !(await stores.banks.find(wish.bank)))
    throw new AppError('not-found', `Expected a bank but there is none called ${wish.bank}`)
  const matcher = opening.use(await openMatcher(stores))
  const until = realWorld.now()
  const since = new Date(until.getTime() - wish.sinceMs).toISOString()
  const report = await replayPolicies(
    {
      stores,
      matchHashes: matcher.examine,
      plan: hashPlanOf(config, matcher),
      src: labelerOf(config),
      now: until.toISOString(),
    },
    { ...wish, current: current.policy, other: other.policy, since, quotas: quotasOf(config) },
  )
  return { ...report, file: other.file, currentFile: current.file, since, until: until.toISOString() }
}

/** Returns the policy of a file, or of the settings, or the cautious one. @throws {PolicyError} */
function readPolicyFile(
  config: Config,
  secrets: Secrets,
  named: string | undefined,
): Pick<CheckedPolicy, 'file' | 'policy'> {
  const file = named ?? config.policyFile
  if (file === undefined) return { file, policy: cautiousPolicy }
  return { file, policy: parsePolicy(readFileSync(file, 'utf8'), file, destinationsOf(secrets)) }
}

async function remarksOfDatabase(config: Config, policy: Policy): Promise<PolicyRemark[]> {
  const path = databaseFile(config)
  if (!existsSync(path)) return [{ kind: 'no-database', because: `there is none at ${path}` }]
  try {
    await using stores = await openSqliteToRead(path)
    return remarksOfBanks(policy, await stores.banks.settings())
  } catch (error) {
    if (!(error instanceof DatabaseUnusableError)) throw error
    return [{ kind: 'no-database', because: error.message }]
  }
}

function remarksOfBanks(policy: Policy, banks: readonly Bank[]): PolicyRemark[] {
  const named = policy.banks.map(({ bank }) => bank)
  const isNegative = (bank: string) => banks.some(({ name, suppresses }) => name === bank && suppresses)
  return [
    ...named
      .filter((bank) => !banks.some(({ name }) => name === bank))
      .map((bank) => ({ kind: 'no-such-bank', bank }) as const),
    ...missingTiers(policy, banks).map((missing) => ({ kind: 'no-such-tier', ...missing }) as const),
    ...named.filter(isNegative).map((bank) => ({ kind: 'negative-bank', bank }) as const),
    ...banks
      .filter(({ name, suppresses }) => suppresses === undefined && !named.includes(name))
      .map(({ name }) => ({ kind: 'follows-other-banks', bank: name }) as const),
  ]
}
