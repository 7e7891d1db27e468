import { type BankTier, defaultMinQuality, defaultThreshold, type Suppresses } from '../../src/model/bank.ts'
import { type Arguments, hasOption, integerOption, textOption, UsageError } from './arguments.ts'
import type { Option } from './command.ts'

/** The options of what can be set of a bank when it is made, and later. */
export const bankSettingOptions: Readonly<
  Record<'distance' | 'min-quality' | 'ratio' | 'tiers' | 'suppresses' | 'suppresses-all', Option>
> = {
  distance: {
    type: 'string',
    value: 'BITS',
    help: 'the farthest PDQ distance that is a match, 0 to 256',
  },
  'min-quality': {
    type: 'string',
    value: 'N',
    help: 'the least PDQ quality of an image that is compared, 0 to 100',
  },
  ratio: {
    type: 'string',
    value: 'SHARE',
    help: 'the share of images that it is matched for, 0 (none) to 1 (all)',
  },
  tiers: {
    type: 'string',
    value: 'TIERS',
    help: 'names for parts of the distance, such as exact=0,near=16,far=31; none takes them away',
  },
  suppresses: {
    type: 'string',
    value: 'BANKS',
    help: 'of a negative bank: the banks whose matches it suppresses, separated by commas',
  },
  'suppresses-all': { type: 'boolean', help: 'of a negative bank: it suppresses the matches of all banks' },
}

/** The same, with what a new bank has unless told. */
export const newBankOptions: typeof bankSettingOptions = {
  ...bankSettingOptions,
  distance: { ...bankSettingOptions.distance, defaultText: String(defaultThreshold) },
  'min-quality': { ...bankSettingOptions['min-quality'], defaultText: String(defaultMinQuality) },
  ratio: { ...bankSettingOptions.ratio, defaultText: '1' },
}

/** What the options say of a bank; what was not given is left out. */
export type BankSettings = {
  readonly threshold?: number
  readonly minQuality?: number
  readonly enabledRatio?: number
  readonly tiers?: readonly BankTier[]
  readonly suppresses?: Suppresses
}

/** Returns what the options say. @throws {UsageError} */
export function parseBankSettings(args: Arguments): BankSettings {
  const threshold = integerOption(args, 'distance', 0, 256)
  const minQuality = integerOption(args, 'min-quality', 0, 100)
  const enabledRatio = parseShare(textOption(args, 'ratio'))
  const tiers = parseTiers(textOption(args, 'tiers'))
  const suppresses = parseSuppresses(args)
  return {
    ...(threshold !== undefined && { threshold }),
    ...(minQuality !== undefined && { minQuality }),
    ...(enabledRatio !== undefined && { enabledRatio }),
    ...(tiers !== undefined && { tiers }),
    ...(suppresses !== undefined && { suppresses }),
  }
}

function parseShare(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const share = /^(?:\d+(?:\.\d+)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN
  if (share >= 0 && share <= 1) return share
  throw new UsageError(`Expected a share from 0 to 1 for --ratio but received ${JSON.stringify(text)}`)
}

function parseTiers(text: string | undefined): readonly BankTier[] | undefined {
  if (text === undefined) return undefined
  if (text === 'none') return []
  return text.split(',').map((part) => {
    const [, name, bits] = /^([^=]+)=(\d{1,3})$/.exec(part.trim()) ?? []
    if (name !== undefined && bits !== undefined && Number(bits) <= 256)
      return { name, distance: Number(bits) }
    throw new UsageError(
      `Expected tiers such as near=16,far=31, each of 0 to 256 bits, for --tiers but received ${JSON.stringify(part)}`,
    )
  })
}

function parseSuppresses(args: Arguments): Suppresses | undefined {
  const names = textOption(args, 'suppresses')
  const isAll = hasOption(args, 'suppresses-all')
  if (isAll && names !== undefined)
    throw new UsageError('Expected either --suppresses or --suppresses-all but received both')
  if (isAll) return 'all'
  if (names === undefined) return undefined
  return names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
