import { AppError } from '../lib/errors.ts'
import { type Bank, type BankTier, isTierName, maxTiers } from '../model/bank.ts'

/** What a bank is to be does not fit together. */
class BankRuleError extends AppError {
  override readonly name = 'BankRuleError'
  constructor(expected: string, received: string) {
    super('invalid', `Expected ${expected} but received ${received}`)
  }
}

/** Checks that the parts of a bank fit together. @throws an `AppError` of kind `invalid` that says which do not. */
export function requireSoundBank({
  name,
  threshold,
  tiers = [],
  suppresses,
}: Pick<Bank, 'name' | 'threshold'> & Partial<Pick<Bank, 'tiers' | 'suppresses'>>): void {
  requireRising(tiers)
  const farthest = tiers.at(-1)
  if (farthest && farthest.distance > threshold) {
    throw new BankRuleError(
      `tiers of at most the bank’s distance, ${threshold}`,
      `${farthest.name} at ${farthest.distance}`,
    )
  }
  if (suppresses?.includes(name) === true && suppresses !== 'all')
    throw new BankRuleError('other banks to suppress', `${name} itself`)
}

/** Checks that a bank that is to suppress others is negative: what a bank is for is said when it is made, and stays. */
export function requireNegative({ name, suppresses }: Bank): void {
  if (suppresses === undefined)
    throw new BankRuleError(
      'a negative bank, which a bank is from its creation or never',
      `${name}, which is none`,
    )
}

function requireRising(tiers: readonly BankTier[]): void {
  if (tiers.length > maxTiers) throw new BankRuleError(`at most ${maxTiers} tiers`, String(tiers.length))
  for (const [at, { name, distance }] of tiers.entries()) {
    if (!isTierName(name))
      throw new BankRuleError('names of tiers of 1 to 32 of a-z 0-9 -', JSON.stringify(name.slice(0, 40)))
    const former = tiers[at - 1]
    if (former && former.distance >= distance)
      throw new BankRuleError('tiers by rising distance', `${name} at ${distance} after ${former.distance}`)
    if (tiers.findIndex((tier) => tier.name === name) < at)
      throw new BankRuleError('each tier once', `${name} twice`)
  }
}
