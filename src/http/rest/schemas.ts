import { z } from 'zod'
import type { FoundContent } from '../../model/api.ts'
import { hashTypes } from '../../model/hash.ts'

/** The most characters of a caller's `metadata`, written as JSON. */
const maxMetadata = 16_384

/** What a caller may send along with anything. It is checked and let go: nothing of it is stored. */
export const metadataSchema: z.ZodType<Record<string, unknown> | null | undefined> = z
  .record(z.string(), z.unknown())
  .refine((value) => JSON.stringify(value).length <= maxMetadata, {
    error: `Expected at most ${maxMetadata} characters of JSON`,
  })
  .nullish()
  .describe('Anything of the caller’s, as an object; it is not stored')

/** An address that is to be fetched; whether it may be is found out when it is. */
export const imageUrlSchema: z.ZodType<string> = z
  .url({ protocol: /^https?$/ })
  .max(2048)
  .refine((text) => URL.canParse(text) && `${new URL(text).username}${new URL(text).password}` === '', {
    error: 'Expected an address without a user and a password',
  })
  .describe('Public https')

/** A whole number in a query. */
export function numberText(min: number, max: number, fallback: number): z.ZodType<number> {
  return z
    .string()
    .regex(/^\d{1,15}$/, { error: 'Expected a whole number' })
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .default(fallback)
}

/** When an answer was made. */
export const timestampSchema: z.ZodType<string> = z.iso.datetime().describe('ISO 8601, UTC')

/** A match, as every answer has it. */
export type MatchOut = {
  readonly bank_id: string
  readonly bank_name: string
  readonly content_id: number
  readonly distance: number
  readonly similarity: number
  readonly hash_type: string
  readonly hash_value: string
  readonly metadata: Readonly<Record<string, string>> | null
  readonly bank: string
  readonly hash: string
}

/** The schema of a match. */
export const matchSchema: z.ZodType<MatchOut> = z.strictObject({
  bank_id: z.string(),
  bank_name: z.string(),
  content_id: z.int().describe('The content of the bank, by its number'),
  distance: z.number().describe('Bits that differ, 0 to 256; 0 for a digest'),
  similarity: z.number().describe('1 - distance / 256'),
  hash_type: z.enum(hashTypes),
  hash_value: z.string().describe('The stored hash that matched'),
  metadata: z
    .record(z.string(), z.string())
    .nullable()
    .describe('What the bank’s source says of the content: label, source_id'),
  bank: z.string().describe('bank_name, for earlier clients'),
  hash: z.string().describe('hash_value, for earlier clients'),
})

/** Returns a match as it goes out. */
export function matchOf({ match, value, label, sourceId }: FoundContent): MatchOut {
  const texts = { ...(label === '' ? {} : { label }), ...(sourceId === '' ? {} : { source_id: sourceId }) }
  return {
    bank_id: String(match.bankId),
    bank_name: match.bank,
    content_id: match.contentId,
    distance: match.distance,
    similarity: 1 - match.distance / 256,
    hash_type: match.hashType,
    hash_value: value,
    metadata: Object.keys(texts).length > 0 ? texts : null,
    bank: match.bank,
    hash: value,
  }
}

/** Names of banks that a search keeps to. */
export const banksSchema: z.ZodType<string[] | null | undefined> = z
  .array(z.string().min(1).max(64))
  .max(100)
  .nullish()
  .describe('Only these banks, by name; all enabled ones unless told')

/** How alike is alike enough: see `radiusOf`. */
export const thresholdSchema: z.ZodType<number> = z
  .number()
  .min(0)
  .max(1)
  .describe(
    'Least similarity, 0 to 1, where similarity is 1 - distance / 256: a PDQ hash matches up to floor((1 - threshold) * 256) bits. 0.9 is 25 bits, 0.879 is 30, 1 is equality. Digests match when they are equal, whatever the threshold',
  )

/** Returns the distance that a threshold allows, and whether that is less than it asked for. */
export function radiusOf(
  threshold: number,
  maxDistance: number,
): { readonly radius: number; readonly isCapped: boolean } {
  const asked = Math.floor((1 - threshold) * 256 + 1e-9)
  return { radius: Math.min(asked, maxDistance), isCapped: asked > maxDistance }
}
