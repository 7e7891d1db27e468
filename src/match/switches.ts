import { enabledContent, isContentEnabled } from '../model/curation.ts'
import type { HashType } from '../model/hash.ts'
import type { Stores } from '../store/database.ts'

/** Switches that are read at a time. */
const pageRows = 2_000

/** Which contents and which hash types are not matched, or not for all images, as the store has it. */
export class Switches {
  readonly #store: Pick<Stores['curation'], 'switches' | 'typeRatios'>
  /** Contents that may be disabled: a `disableUntil` for each. */
  readonly #contents = new Map<number, number>()
  #typeRatios: ReadonlyMap<HashType, number> = new Map()
  /** How far the log of the store has been followed. */
  #lastId = 0

  constructor(store: Pick<Stores['curation'], 'switches' | 'typeRatios'>) {
    this.#store = store
  }

  /** Takes in what has changed since the last call. One call at a time. */
  async follow(): Promise<void> {
    this.#typeRatios = await this.#store.typeRatios()
    for (;;) {
      const { lastId, switches } = await this.#store.switches(this.#lastId, pageRows)
      if (switches.length === 0) return
      for (const [contentId, disableUntil] of switches) {
        if (disableUntil === enabledContent) this.#contents.delete(contentId)
        else this.#contents.set(contentId, disableUntil)
      }
      this.#lastId = lastId
    }
  }

  /** True when a content is matched at a time in epoch milliseconds. */
  isContentEnabled(contentId: number, nowMs: number): boolean {
    if (this.#contents.size === 0) return true
    return isContentEnabled(this.#contents.get(contentId) ?? enabledContent, nowMs / 1000)
  }

  /** The share of images for which hashes of a type are matched, 0 to 1. */
  ratioOf(type: HashType): number {
    return this.#typeRatios.get(type) ?? 1
  }
}
