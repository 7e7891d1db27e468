import { type Check, combine, counted, type Finding, type StreamLabel } from './check.ts'
import { timeOf } from './current-labels.ts'

/** What Bluesky takes from one labeler (bluesky-social/bps-website, docs/rate-limits.md): spans in ms, and labels in them. */
const budgets = [
  { name: 'second', ms: 1_000, labels: 5 },
  { name: 'hour', ms: 3_600_000, labels: 10_000 },
  { name: 'day', ms: 86_400_000, labels: 100_000 },
] as const

/** The latest labels went out no faster than Bluesky takes them. */
export const budgetCheck: Check<'window'> = {
  name: 'budget',
  needs: ['window'],
  async run({ window }, { now }) {
    const nowMs = now().getTime()
    const times = window.labels.map(({ label }: StreamLabel) => timeOf(label.cts)).sort((a, b) => a - b)
    const inHour = times.filter((ms) => ms > nowMs - 3_600_000).length
    const inDay = times.filter((ms) => ms > nowMs - 86_400_000).length
    const isCut = !window.isWhole && (times[0] ?? 0) > nowMs - 86_400_000
    const amounts = `${isCut ? 'at least ' : ''}${counted(inHour, 'label')} in the last hour, ${inDay} in the last day`
    const findings = budgets.flatMap(({ name, ms, labels }): Finding[] => {
      const most = mostWithin(times, ms)
      if (most <= labels) return []
      return [
        {
          status: 'warn',
          says: `${most} labels were made within one ${name}, and Bluesky takes ${labels}: what is above may be lost there`,
          fix: 'Publish labels at a measured pace, urgent ones first; AppViews of your own have no such limit',
        },
      ]
    })
    return combine(
      findings,
      `${amounts}; never more than Bluesky takes (5 a second, 10,000 an hour, 100,000 a day)`,
    )
  },
}

/** The most times, of rising ones, that lie within any span of so many milliseconds. */
function mostWithin(times: readonly number[], ms: number): number {
  let most = 0
  let from = 0
  for (const [i, time] of times.entries()) {
    while (time - (times[from] as number) >= ms) from++
    most = Math.max(most, i - from + 1)
  }
  return most
}
