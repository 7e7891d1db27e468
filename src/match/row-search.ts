import type { HammingKernel } from './hamming-kernel.ts'

/** A search that goes on step by step, so that it never holds a thread for long. */
export interface RowSearch {
  /** What the last step found: pairs of a row and its distance; what is beyond its hits is anything. */
  readonly hits: Uint32Array
  /** True when there is no further step. */
  readonly isDone: boolean
  /** Goes through about `effort` entries of the tables, 1 to 2^30, and returns the number of hits; each is told once, in no order. */
  step(effort: number): number
}

/** The most hits of one step. */
export const hitsPerStep = 4_096
/** What a row costs that is scanned, in entries. */
const entriesPerScannedRow = 4

/** A search by the tables, within 0 to 63 bits. */
export class TableSearch implements RowSearch {
  readonly hits: Uint32Array
  readonly #kernel: HammingKernel

  constructor(kernel: HammingKernel, hits: Uint32Array, radius: number) {
    this.#kernel = kernel
    this.hits = hits
    kernel.begin(radius)
  }

  get isDone(): boolean {
    return this.#kernel.isDone() !== 0
  }

  step(effort: number): number {
    return this.#kernel.step(effort)
  }
}

/** A search of all rows one after the other, within 0 to 256 bits; rows that are added meanwhile are seen. */
export class ScanSearch implements RowSearch {
  readonly hits: Uint32Array
  readonly #kernel: HammingKernel
  readonly #radius: number
  readonly #rows: { readonly count: number }
  #next = 0

  constructor(kernel: HammingKernel, hits: Uint32Array, radius: number, rows: { readonly count: number }) {
    this.#kernel = kernel
    this.hits = hits
    this.#radius = radius
    this.#rows = rows
  }

  get isDone(): boolean {
    return this.#next >= this.#rows.count
  }

  step(effort: number): number {
    const end = Math.min(this.#rows.count, this.#next + Math.ceil(effort / entriesPerScannedRow))
    const found = this.#kernel.scan(this.#next, end, this.#radius)
    this.#next = this.#kernel.scanned()
    return found
  }
}
