/*
 * Banks and contents as the admin routes take and tell them: in the words of Hasher-Matcher-Actioner where that has one.
 */
import { z } from 'zod'
import {
  type Bank,
  type BankProfile,
  type BankTier,
  bankProfiles,
  type ContentTexts,
  isBankName,
  isTooLong,
  maxTextLengths,
  maxTiers,
  type Suppresses,
} from '../../model/bank.ts'
import {
  type BankChange,
  type CuratedContent,
  isContentEnabled,
  maxOriginLengths,
} from '../../model/curation.ts'
import { type HashType, hashTypes, parseHashValue } from '../../model/hash.ts'

const ratio = z.number().min(0).max(1).describe('The share of images that it is matched for')
const bits = z.int().min(0).max(256)
const tier = z.strictObject({ name: z.string().max(32), distance: bits })

/** What can be said of a bank when it is made and later. */
const bankFields = {
  matching_enabled_ratio: ratio.optional(),
  enabled_ratio: ratio
    .optional()
    .describe('matching_enabled_ratio, as it is called when a bank is made elsewhere'),
  enabled: z.boolean().optional().describe('A ratio of 1 or 0'),
  threshold: bits.optional().describe('The farthest PDQ distance that is a match, in bits'),
  min_quality: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .describe('The least PDQ quality of an image that is compared'),
  tiers: z.array(tier).max(maxTiers).optional().describe('Parts of the threshold, by rising distance'),
  suppresses: z
    .union([z.literal('all'), z.array(z.string().max(255)).max(1_000)])
    .optional()
    .describe(
      'Of a negative bank: the banks whose matches it suppresses. A bank is negative from its creation or never',
    ),
}

const bankName = z
  .string()
  .refine(isBankName, { error: 'Expected 1 to 255 of A-Z a-z 0-9 _ . - starting with none of the last two' })

/** What a caller says of how a bank is matched. */
export type BankFields = {
  readonly matching_enabled_ratio?: number | undefined
  readonly enabled_ratio?: number | undefined
  readonly enabled?: boolean | undefined
  readonly threshold?: number | undefined
  readonly min_quality?: number | undefined
  readonly tiers?: readonly BankTier[] | undefined
  readonly suppresses?: Suppresses | undefined
}

/** A bank that a caller makes. */
export type NewBankIn = BankFields & { readonly name: string; readonly profile?: BankProfile | undefined }

/** The schema of a bank that is to be made. */
export const newBank: z.ZodType<NewBankIn> = z.strictObject({
  name: bankName,
  profile: z.enum(bankProfiles).optional(),
  ...bankFields,
})

/** What a caller changes of a bank. */
export type BankChangeIn = BankFields & { readonly name?: string | undefined }

/** The schema of what is to be changed of a bank. */
export const bankChange: z.ZodType<BankChangeIn> = z.strictObject({
  name: bankName.optional(),
  ...bankFields,
})

/** Returns the settings that are said of a bank; the ratio under any of its names. */
export function settingsOf(fields: BankFields): Omit<BankChange, 'name'> {
  const { threshold, min_quality: minQuality, tiers, suppresses, enabled } = fields
  const enabledRatio =
    fields.matching_enabled_ratio ??
    fields.enabled_ratio ??
    (enabled === undefined ? undefined : Number(enabled))
  return {
    ...(enabledRatio !== undefined && { enabledRatio }),
    ...(threshold !== undefined && { threshold }),
    ...(minQuality !== undefined && { minQuality }),
    ...(tiers !== undefined && { tiers }),
    ...(suppresses !== undefined && { suppresses }),
  }
}

/** A bank as it is told. */
export type BankOut = {
  readonly name: string
  readonly matching_enabled_ratio: number
  readonly enabled: boolean
  readonly threshold: number
  readonly min_quality: number
  readonly profile: BankProfile
  readonly tiers: readonly BankTier[]
  readonly suppresses: Suppresses | null
  readonly created_at: string
}

/** The schema of a bank. */
export const bankOut: z.ZodType<BankOut> = z.strictObject({
  name: z.string(),
  matching_enabled_ratio: ratio,
  enabled: z.boolean(),
  threshold: bits,
  min_quality: z.int(),
  profile: z.enum(bankProfiles).describe('Which hasher made its PDQ hashes'),
  tiers: z.array(tier),
  suppresses: z
    .union([z.literal('all'), z.array(z.string())])
    .nullable()
    .describe('null unless the bank is negative'),
  created_at: z.string(),
})

/** Returns a bank as it is told. */
export function bankShape(bank: Bank): BankOut {
  return {
    name: bank.name,
    matching_enabled_ratio: bank.enabledRatio,
    enabled: bank.isEnabled,
    threshold: bank.threshold,
    min_quality: bank.minQuality,
    profile: bank.profile,
    tiers: bank.tiers,
    suppresses: bank.suppresses ?? null,
    created_at: bank.createdAt,
  }
}

const metadata = z
  .record(z.string(), z.unknown())
  .refine((value) => JSON.stringify(value).length <= maxOriginLengths.metadata, {
    error: `Expected at most ${maxOriginLengths.metadata} characters of JSON`,
  })

/** JSON Schema counts characters as code points, as we do. */
function textOf(name: keyof ContentTexts): z.ZodType<string> {
  const max = maxTextLengths[name]
  const error = `Too long: expected at most ${max} characters`
  return z
    .string()
    .refine((text) => !isTooLong(name, text), { error })
    .meta({ maxLength: max })
}

const contentFields = {
  note: textOf('note').optional(),
  source_id: textOf('sourceId').optional().describe('What its source calls it'),
  content_uri: z.string().max(maxOriginLengths.uri).optional().describe('What refers to it elsewhere'),
  metadata: metadata.optional().describe('Anything else, as an object; it is kept with the content'),
}

/** What a caller says of a content that is added. */
export type ContentFields = {
  readonly note?: string | undefined
  readonly source_id?: string | undefined
  readonly content_uri?: string | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
}

/** The schema of what is said of a content beside a picture. */
export const contentForm: z.ZodType<ContentFields> = z.object(contentFields)

/** A hash that a caller adds. */
export type SignalIn = ContentFields & {
  readonly hash: string
  readonly hash_type: HashType
  readonly quality: number
}

/** The schema of a hash that is added. */
export const signal: z.ZodType<SignalIn> = z
  .strictObject({
    hash: z.string().max(64).describe('Hex digits: 64 of PDQ and SHA-256, 40 of SHA-1, 32 of MD5'),
    hash_type: z.enum(hashTypes).default('pdq'),
    quality: z.int().min(0).max(100).default(100).describe('PDQ’s; of no account for a digest'),
    ...contentFields,
  })
  .refine(({ hash_type, hash }) => parseHashValue(hash_type, hash) !== undefined, {
    path: ['hash'],
    error: 'Expected the hex digits of a hash of that type',
  })

/** What a caller changes of a content. */
export type ContentChangeIn = Omit<ContentFields, 'metadata'> & {
  readonly metadata?: Readonly<Record<string, unknown>> | null | undefined
  readonly label?: string | undefined
  readonly disable_until_ts?: number | undefined
}

/** The schema of what is to be changed of a content. */
export const contentChange: z.ZodType<ContentChangeIn> = z.strictObject({
  ...contentFields,
  metadata: metadata.nullable().optional().describe('null takes it away'),
  label: textOf('label').optional().describe('How its source classifies it'),
  disable_until_ts: z
    .int()
    .min(0)
    .optional()
    .describe(
      '0 matches it no more, 1 again, otherwise the Unix second from which on it is matched; at most five years',
    ),
})

/** A content as it is told. */
export type ContentOut = {
  readonly id: number
  readonly enabled: boolean
  readonly disable_until_ts: number
  readonly hashes: readonly {
    readonly hash_type: HashType
    readonly hash_value: string
    readonly quality: number | null
  }[]
  readonly note: string
  readonly label: string
  readonly source_id: string
  readonly content_uri: string | null
  readonly original_media_uri: string | null
  readonly metadata: Readonly<Record<string, unknown>> | null
  readonly created_at: string
}

/** The schema of a content. */
export const contentOut: z.ZodType<ContentOut> = z.strictObject({
  id: z.int(),
  enabled: z.boolean().describe('Whether it is matched now'),
  disable_until_ts: z.int(),
  hashes: z.array(
    z.strictObject({
      hash_type: z.enum(hashTypes),
      hash_value: z.string(),
      quality: z.int().nullable().describe('PDQ’s; null for a digest'),
    }),
  ),
  note: z.string(),
  label: z.string(),
  source_id: z.string(),
  content_uri: z.string().nullable(),
  original_media_uri: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()).nullable(),
  created_at: z.string(),
})

/** Returns a content as it is told at a time in epoch milliseconds. */
export function contentShape(content: CuratedContent, nowMs: number): ContentOut {
  return {
    id: content.id,
    enabled: isContentEnabled(content.disableUntil, nowMs / 1000),
    disable_until_ts: content.disableUntil,
    hashes: content.hashes.map(({ type, value, quality }) => ({
      hash_type: type,
      hash_value: value,
      quality: type === 'pdq' ? quality : null,
    })),
    note: content.note,
    label: content.label,
    source_id: content.sourceId,
    content_uri: content.contentUri ?? null,
    original_media_uri: content.mediaUri ?? null,
    metadata: content.metadata ?? null,
    created_at: content.createdAt,
  }
}
