/**
 * The composition root of `harrier policy`: a policy file beside the settings and what the database knows. It opens the database
 * for reading alone, and works without one, and beside a service that runs.
 */
import { existsSync, readFileSync } from 'node:fs'
import type { Secrets } from './config/config.ts'
import { cautiousPolicy, parsePolicy } from './config/policy.ts'
import type { Config } from './config/settings.ts'
import type { Bank } from './model/bank.ts'
import { banksOfVainBlocks, missingTiers, type Policy } from './model/policy.ts'
import { databaseFile, destinationsOf } from './resources.ts'
import { DatabaseUnusableError, openSqliteToRead } from './store/sqlite.ts'

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
