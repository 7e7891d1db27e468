import { type ContentHash, type ContentTexts, isTooLong } from '../model/bank.ts'
import { hashTypes, parseHashValue } from '../model/hash.ts'
import type { RowOptions, RowResult } from './bank-file.ts'

/** What a row can hold, by the names that it has in CSV and JSON, in the order in which they are written. */
export const columns = ['pdq', 'md5', 'sha1', 'sha256', 'quality', 'label', 'note', 'source_id'] as const

/** One member of `columns`. */
export type Column = (typeof columns)[number]

/** The values of one row; those that are absent are not there. */
export type RowValues = Partial<Record<Column, string>>

/** Returns the content that a row describes, or why it is rejected. */
export function parseContent(values: RowValues, { minQuality }: RowOptions): RowResult {
  const quality = parseQuality(values.quality)
  if (quality === undefined) return { kind: 'rejected', reason: 'bad-quality' }
  const hashes: ContentHash[] = []
  for (const type of hashTypes) {
    const text = values[type]?.trim()
    if (text === undefined || text === '') continue
    const value = parseHashValue(type, text)
    if (value === undefined) return { kind: 'rejected', reason: `bad-${type}` }
    hashes.push({ type, value, quality: type === 'pdq' ? quality : 100 })
  }
  if (hashes.length === 0) return { kind: 'rejected', reason: 'no-hash' }
  const texts = { label: values.label ?? '', note: values.note ?? '', sourceId: values.source_id ?? '' }
  const fault = textFault(texts)
  if (fault) return { kind: 'rejected', reason: fault }
  const kept = hashes.filter((hash) => hash.type !== 'pdq' || hash.quality >= minQuality)
  if (kept.length === 0) return { kind: 'rejected', reason: 'low-quality' }
  return { kind: 'content', content: { hashes: kept, ...texts }, isPdqLeftOut: kept.length < hashes.length }
}

/** PDQ's quality; 100 when nothing was said, for then whoever made the hash found it good enough. */
function parseQuality(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? ''
  if (trimmed === '') return 100
  return /^(?:\d{1,2}|100)$/.test(trimmed) ? Number(trimmed) : undefined
}

function textFault(texts: ContentTexts): 'bad-text' | 'long-text' | undefined {
  for (const name of ['label', 'note', 'sourceId'] as const) {
    const text = texts[name]
    if (isTooLong(name, text)) return 'long-text'
    if (text.includes('\0') || !text.isWellFormed()) return 'bad-text'
  }
  return undefined
}
