const unitsMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Returns the milliseconds of a duration such as `90s`, `30m`, `12h` or `30d`, above 0; undefined for other text. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const ms = Number(count) * unitsMs[unit as keyof typeof unitsMs]
  return ms > 0 && ms <= 36_500 * unitsMs.d ? ms : undefined
}
