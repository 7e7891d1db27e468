import type { Bank } from '../../src/model/bank.ts'

/** Returns what is set of a bank, in one line for people. */
export function describeBank({ name, threshold, minQuality, profile, ...bank }: Bank): string {
  const parts = [
    `distance ${threshold}`,
    `least quality ${minQuality}`,
    `profile ${profile}`,
    ...(bank.enabledRatio === 1 ? [] : [`ratio ${bank.enabledRatio}`]),
    ...(bank.tiers.length === 0 ? [] : [`tiers ${formatTiers(bank)}`]),
    ...(bank.suppresses === undefined ? [] : [`negative: suppresses ${formatSuppresses(bank)}`]),
  ]
  return `${name}: ${parts.join(', ')}`
}

/** Returns the tiers of a bank as they are typed, `-` where it has none. */
export function formatTiers({ tiers }: Pick<Bank, 'tiers'>): string {
  return tiers.length === 0 ? '-' : tiers.map(({ name, distance }) => `${name}=${distance}`).join(',')
}

/** Returns what a bank suppresses, `-` where it is not negative. */
export function formatSuppresses({ suppresses }: Pick<Bank, 'suppresses'>): string {
  if (suppresses === undefined) return '-'
  if (suppresses === 'all') return 'all banks'
  return suppresses.length === 0 ? 'no bank' : suppresses.join(', ')
}
