/**
 * Returns how many milliseconds a `Retry-After` field asks to wait (RFC 9110: seconds, or a date), 0 or more; undefined where
 * there is none that can be read. `now` is epoch milliseconds.
 */
export function retryAfterMs(field: string | null, now: number): number | undefined {
  const text = field?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const at = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
