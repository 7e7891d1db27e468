import { formatDuration } from './format-duration.ts'
import type { Terminal } from './terminal.ts'

/** How far work has got: how many things are done, and which part of the whole that is. */
export type Progress = {
  readonly count: number
  /** In whatever unit the whole is measured. */
  readonly done: number
  /** Undefined when nobody knows. */
  readonly total: number | undefined
}

const barWidth = 24

/**
 * Returns a function that shows progress on the terminal: a bar, percent, things done and per second, and how long the
 * rest will take at that rate. `now` is in milliseconds; `from` is what was done before this run.
 */
export function createProgress(
  terminal: Pick<Terminal, 'progress'>,
  unit: string,
  from: Progress,
  now: () => number = () => performance.now(),
): (progress: Progress) => void {
  const startedAt = now()
  return (progress) => {
    const seconds = Math.max(0.001, (now() - startedAt) / 1000)
    terminal.progress(formatProgress(progress, from, unit, seconds))
  }
}

/** Returns the line that shows progress after some seconds. */
export function formatProgress(progress: Progress, from: Progress, unit: string, seconds: number): string {
  const { count, done, total } = progress
  const perSecond = Math.round((count - from.count) / seconds)
  const counted = `${grouped(count)} ${unit}  ${grouped(perSecond)}/s`
  if (total === undefined || total === 0) return counted
  const part = Math.min(1, done / total)
  const full = Math.floor(part * barWidth)
  const bar = '█'.repeat(full) + '░'.repeat(barWidth - full)
  const rate = (done - from.done) / seconds
  const rest = rate > 0 ? `  ${formatDuration((total - done) / rate)} left` : ''
  return `${bar} ${String(Math.floor(part * 100)).padStart(3)} %  ${counted}${rest}`
}

function grouped(value: number): string {
  return value.toLocaleString('en-US')
}
