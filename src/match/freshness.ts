/** How far matching is behind the banks. */
export interface Freshness {
  /** Runs what takes changes in; matching is behind from the call until one that began later, or this one, has succeeded. */
  follow(): Promise<void>
  /** Tells that the banks were looked at, and hold nothing that was not taken in. */
  confirm(): void
  /** Returns for how many milliseconds at most matching may have missed a change; 0 or more. */
  ageMs(): number
}

/** Returns a watch over `refresh`, which resolves when all that was there at its call is taken in. It begins up to date. */
export function createFreshness(refresh: () => Promise<void>, now: () => number): Freshness {
  let confirmedAt = now()
  /** The calls of which it is not known that their changes are in, oldest first, with when each began. */
  let behind: readonly { readonly at: number }[] = []
  return {
    async follow() {
      const own = { at: now() }
      behind = [...behind, own]
      await refresh()
      // Where it is gone from the list, a later one has told of it.
      behind = behind.slice(behind.indexOf(own) + 1)
      confirmedAt = Math.max(confirmedAt, own.at)
    },
    confirm() {
      confirmedAt = now()
    },
    ageMs: () => Math.max(0, now() - Math.min(confirmedAt, behind[0]?.at ?? confirmedAt)),
  }
}
