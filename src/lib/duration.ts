const unitsMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Returns the milliseconds of a duration such as `90s`, `30m`, `12h` or `30d`, above 0; undefined for other text. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const ms = Number(count) * unitsMs[unit as keyof typeof unitsMs]
  return ms > 0 && ms <= 36_500 * unitsMs.d ? ms : undefined
}

/** Returns a duration as people read it, in its two largest units: `3d 4h`, `12m 5s`, `0s`. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms / 1000)
  const parts: string[] = []
  for (const [unit, size] of Object.entries({ d: 86_400, h: 3600, m: 60, s: 1 })) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0 && parts.length < 2) parts.push(`${count}${unit}`)
  }
  return parts.length === 0 ? '0s' : parts.join(' ')
}
