import { hash } from 'node:crypto'

/**
 * Returns a number above 0, up to 1 inclusive, that depends on the seed alone and is spread evenly over all seeds: a share of
 * `ratio` takes the seeds whose number is at most that, so that the same seed is always in or always out.
 */
export function shareOf(seed: string): number {
  const bits = Number.parseInt(hash('sha256', seed, 'hex').slice(0, 12), 16)
  return (bits + 1) / 2 ** 48
}
