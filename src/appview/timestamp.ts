import { isDatetimeString } from '@atproto/syntax'

/**
 * Returns a datetime as ISO 8601 in UTC with milliseconds, or undefined when it is none that PostgreSQL can read too: the
 * lexicon's form allows the year 0000, and offsets that lead out of the years 1 to 9999.
 */
export function utcOf(datetime: string): string | undefined {
  if (!isDatetimeString(datetime)) return undefined
  const utc = new Date(datetime).toISOString()
  return /^(?!0000)\d{4}-/.test(utc) ? utc : undefined
}

/**
 * Returns a text by which datetimes sort as the moments that they name, down to the nanosecond and whatever their offset;
 * empty, before all others, for a text that is none.
 */
export function sortKeyOf(datetime: string): string {
  const utc = utcOf(datetime)
  if (utc === undefined) return ''
  const fraction = /\.(\d+)/.exec(datetime)?.[1] ?? ''
  return `${utc.slice(0, 19)}.${fraction.slice(0, 9).padEnd(9, '0')}`
}
