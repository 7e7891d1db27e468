/** One number that a benchmark measured. */
export type BenchResult = {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** The goal in words, such as `at least 5000`. */
  readonly goal?: string
  /** Whether the goal was met; set where `goal` is. */
  readonly met?: boolean
}

/** How a benchmark runs. */
export type BenchOptions = {
  /** A tenth of the work: to see that it runs, not to quote its numbers. */
  readonly isQuick: boolean
}

/** One benchmark, as `scripts/bench.ts` lists it. */
export type Bench = {
  readonly name: string
  /** One line for people. */
  readonly summary: string
  readonly run: (options: BenchOptions) => Promise<readonly BenchResult[]>
}
