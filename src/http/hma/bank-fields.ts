/*
 * What of a bank can be said here beyond what Hasher-Matcher-Actioner knows: how far it matches, names for parts of that, and
 * what a negative bank suppresses.
 */
import type { BankTier, Suppresses } from '../../model/bank.ts'
import { maxTiers } from '../../model/bank.ts'
import { isJsonObject } from './json.ts'
import { asWhole, optional, type Reader } from './parameters.ts'

/** The most banks that one names to suppress. */
const maxSuppressed = 1_000

/** What is said of a bank; what is not is undefined. */
type SentFields = {
  readonly threshold?: number | undefined
  readonly tiers?: readonly BankTier[] | undefined
  readonly suppresses?: Suppresses | undefined
}

/** What is said of a bank; what is not is left out. */
export type BankFields = {
  readonly threshold?: number
  readonly tiers?: readonly BankTier[]
  readonly suppresses?: Suppresses
}

const asBits = asWhole(0, 256)

/** `[{"name", "distance"}]`. */
const asTiers: Reader<readonly BankTier[]> = (value) => {
  if (!Array.isArray(value) || value.length > maxTiers)
    return { type: 'list_type', msg: `Input should be a list of at most ${maxTiers} tiers` }
  const tiers: BankTier[] = []
  for (const tier of value as readonly unknown[]) {
    const { name, distance } = isJsonObject(tier) ? tier : {}
    const bits = asBits(distance)
    if (typeof name !== 'string' || !('value' in bits))
      return { type: 'model_type', msg: 'Each tier should have a name and a distance from 0 to 256' }
    tiers.push({ name, distance: bits.value })
  }
  return { value: tiers }
}

const asSuppresses: Reader<Suppresses> = (value) => {
  if (value === 'all') return { value }
  const isList = Array.isArray(value) && value.length <= maxSuppressed
  if (isList && value.every((name) => typeof name === 'string')) return { value }
  return { type: 'list_type', msg: 'Input should be "all" or a list of names of banks' }
}

/** The readers of these fields. */
export const bankFieldReaders: { readonly [Name in keyof SentFields]-?: Reader<SentFields[Name]> } = {
  threshold: optional(asBits),
  tiers: optional(asTiers),
  suppresses: optional(asSuppresses),
}

/** Returns what was said, without what was not. */
export function saidOf({ threshold, tiers, suppresses }: SentFields): BankFields {
  return {
    ...(threshold !== undefined && { threshold }),
    ...(tiers !== undefined && { tiers }),
    ...(suppresses !== undefined && { suppresses }),
  }
}
