/** The outside world as far as a test may want another: what is sent, the time, and chance. */
export type World = {
  readonly fetch: typeof globalThis.fetch
  readonly now: () => Date
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number
}

/** The world as it is. */
export const realWorld: World = {
  fetch: (input, init) => globalThis.fetch(input, init),
  now: () => new Date(),
  random: Math.random,
}
