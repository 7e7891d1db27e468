import type { StreamCursor } from '../model/stream-event.ts'

/**
 * Tells events that were delivered before from new ones, in bounded memory.
 *
 * On a host that numbers its events the number decides. Everything else is remembered by key: at least the last
 * `memory` events, at most twice as many. What is older than that counts as new.
 */
export class RepeatFilter {
  readonly #memory: number
  #recent = new Set<string>()
  #older = new Set<string>()
  #newest: StreamCursor | undefined

  /** `start` is the last event of an earlier process; undefined when there was none. */
  constructor(memory: number, start: StreamCursor | undefined) {
    this.#memory = memory
    this.#newest = start
  }

  /** Returns true for an event that was passed before, and remembers one that was not. */
  isRepeat(cursor: StreamCursor, key: string): boolean {
    if (this.#isNumberedRepeat(cursor) || this.#recent.has(key) || this.#older.has(key)) return true
    this.#newest = cursor
    this.#recent.add(key)
    if (this.#recent.size >= this.#memory) {
      this.#older = this.#recent
      this.#recent = new Set()
    }
    return false
  }

  /**
   * The time is asked too: a host that lost its data numbers from 1 again, and its new events must not pass for old.
   */
  #isNumberedRepeat({ host, seq, timeUs }: StreamCursor): boolean {
    const newest = this.#newest
    if (!newest || newest.host !== host || newest.seq === undefined || seq === undefined) return false
    return seq <= newest.seq && timeUs <= newest.timeUs
  }
}
