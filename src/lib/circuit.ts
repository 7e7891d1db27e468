import { backoffMs } from './backoff.ts'

/** When a circuit opens, and for how long. Milliseconds. */
export type CircuitOptions = {
  /** Failures in a row after which it opens. */
  readonly failures: number
  /** The first time that it stays open; each time that a trial fails, twice as long. */
  readonly baseMs: number
  readonly maxMs: number
  /** Epoch milliseconds. */
  readonly now: () => number
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number
}

/** Keeps us from asking a peer that is down: after failures in a row it lets nothing through for a while, then one trial. */
export interface Circuit {
  /** Returns how many calls may start now, when so many are under way: any number, none, or one as a trial. */
  room(running: number): number
  succeeded(): void
  failed(): void
  /** Lets nothing through for so long: the peer has asked for that. */
  pause(ms: number): void
  /** True while nothing, or only a trial, is let through. */
  readonly isOpen: boolean
}

/** Returns a circuit that lets everything through. */
export function createCircuit({ failures: most, baseMs, maxMs, now, random }: CircuitOptions): Circuit {
  let failures = 0
  let shutUntil = Number.NEGATIVE_INFINITY

  return {
    room(running) {
      if (now() < shutUntil) return 0
      if (failures < most) return Number.POSITIVE_INFINITY
      return running === 0 ? 1 : 0
    },
    succeeded() {
      failures = 0
    },
    failed() {
      failures++
      if (failures < most) return
      shutUntil = Math.max(shutUntil, now() + backoffMs(failures - most + 1, { baseMs, maxMs }, random()))
    },
    pause(ms) {
      shutUntil = Math.max(shutUntil, now() + ms)
    },
    get isOpen() {
      return failures >= most || now() < shutUntil
    },
  }
}
