import { InvalidRequestError } from '@atproto/xrpc-server'
import type * as lexicons from '../../../lexicons/tools.js'
import type { FoundContent } from '../../../model/api.ts'
import type { CallerSearch } from '../../../model/caller-scan.ts'
import type { CuratorServices } from '../../curator-services.ts'
import { isJsonObject, isShallow } from '../../hma/json.ts'

/** A time in the form of the lexicons. */
export type DatetimeString = lexicons.harrier.defs.ContentStatus['checkedAt']

/** Returns a match as the lexicon has it. */
export function matchShape({ match, value, label, sourceId }: FoundContent): lexicons.harrier.defs.Match {
  return {
    bank: match.bank,
    contentId: match.contentId,
    hashType: match.hashType,
    hashValue: value,
    distance: match.distance,
    ...(match.tier !== undefined && { tier: match.tier }),
    ...(match.hashType === 'pdq' && { profile: match.profile, look: match.variant }),
    ...(label !== '' && { label }),
    ...(sourceId !== '' && { sourceId }),
  }
}

/** Returns a time as the lexicons have it. */
export function datetimeOf(time: Date): DatetimeString {
  return time.toISOString() as DatetimeString
}

/** Where a caller wants to be answered from, as every method that searches takes it. */
type SearchFields = {
  readonly banks?: readonly string[] | undefined
  readonly maxDistance?: number | undefined
}

/**
 * Returns how a caller wants to be answered. A bank that does not exist is an error: a search without it would look as if
 * nothing were known. @throws {InvalidRequestError} `BankNotFound` or `DistanceTooFar`.
 */
export async function parseSearch(
  { banks, maxDistance }: SearchFields,
  curator: Pick<CuratorServices, 'listBanks'>,
  options: { readonly maxDistance: number },
): Promise<CallerSearch> {
  if (maxDistance !== undefined && maxDistance > options.maxDistance) {
    throw new InvalidRequestError(
      `Expected at most ${options.maxDistance} bits for maxDistance but received more`,
      'DistanceTooFar',
    )
  }
  if (banks !== undefined) {
    const known = new Set((await curator.listBanks()).map(({ name }) => name))
    if (!banks.every((name) => known.has(name)))
      throw new InvalidRequestError('Expected names of banks for banks', 'BankNotFound')
  }
  return {
    ...(banks !== undefined && { banks }),
    ...(maxDistance !== undefined && { radius: maxDistance }),
  }
}

/** Returns a number from 0 to 1 as a decimal without an exponent: 0.25 as `0.25`. */
export function decimalOf(ratio: number): string {
  const text = String(ratio)
  return text.includes('e') ? ratio.toFixed(20).replace(/0+$/, '') : text
}

/** The deepest nesting of objects and lists in metadata; whatever is deeper cannot be written again. */
const maxLevels = 64

/** Returns the object that a text of JSON stands for. @throws {InvalidRequestError} `InvalidContent`. */
export function parseMetadata(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (isJsonObject(value) && isShallow(value, maxLevels)) return value
  throw new InvalidRequestError(
    `Expected the text of a JSON object, at most ${maxLevels} levels deep, for metadata`,
    'InvalidContent',
  )
}
