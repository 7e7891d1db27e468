import { type HammingKernel, instantiateHamming, pageBytes, type SharedMemory } from './hamming-kernel.ts'
import { hitsPerStep, type RowSearch, ScanSearch, TableSearch } from './row-search.ts'
import { layoutOf, maxReaders, type RowsLayout, readerBytes } from './rows-layout.ts'

/** Rows as another thread opens them: the memory is shared, nothing is copied. */
export type SharedRows = {
  readonly memory: SharedMemory
  readonly capacity: number
  readonly hasTables: boolean
  readonly count: number
}

/** Bytes of a hash. */
export const hashBytes = 32
/** The greatest radius that the tables answer; beyond it rows are scanned. */
const maxTableRadius = 63
type Reader = { readonly kernel: HammingKernel; readonly hits: Uint32Array }

/**
 * Rows of 256-bit hashes in shared memory, each with the content and the bank that it belongs to. Rows are added until they
 * are sorted, and then found by tables; before that they are scanned. A row that is removed stays, marked.
 */
export class HashRows {
  readonly memory: SharedMemory
  readonly layout: RowsLayout
  /** How many rows are removed. */
  removedCount = 0
  /** Searches under way that hold on to the memory. */
  holders = 0
  #count = 0
  #isSorted = false
  readonly #readers: (Reader | undefined)[] = []
  readonly #bytes: Uint8Array
  readonly #contents: Uint32Array
  readonly #banks: Uint16Array

  /** Takes over a memory and whatever it holds; it is grown to what the layout needs. */
  constructor(memory: SharedMemory, capacity: number, hasTables: boolean) {
    this.layout = layoutOf(capacity, hasTables)
    const missing = this.layout.bytes - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes))
    this.memory = memory
    const { buffer } = memory
    this.#bytes = new Uint8Array(buffer)
    this.#contents = new Uint32Array(buffer, this.layout.contents, capacity)
    this.#banks = new Uint16Array(buffer, this.layout.banks, capacity)
  }

  /** Opens the rows that another thread shares. */
  static open({ memory, capacity, hasTables, count }: SharedRows): HashRows {
    const rows = new HashRows(memory, capacity, hasTables)
    rows.assume(count)
    return rows
  }

  /** Returns what another thread needs to open these rows. */
  share(): SharedRows {
    const { memory, layout } = this
    return { memory, capacity: layout.capacity, hasTables: layout.tables !== undefined, count: this.#count }
  }

  /** How many rows there are, removed ones included. */
  get count(): number {
    return this.#count
  }
  /** True when no further row can be added. */
  get isFull(): boolean {
    return this.#count === this.layout.capacity
  }

  /** Forgets what the memory held before. */
  clear(): void {
    this.#count = 0
    this.removedCount = 0
    this.#isSorted = false
    const { removed, capacity } = this.layout
    this.#bytes.fill(0, removed, removed + Math.ceil(capacity / 8))
  }

  /** Adds a row; there must be room. `bank` is a number below 65,536. */
  add(hash: Uint8Array, content: number, bank: number): void {
    const row = this.#count++
    this.#bytes.set(hash, this.layout.hashes + row * hashBytes)
    this.#contents[row] = content
    this.#banks[row] = bank
  }

  /** Says that so many rows were written to the memory by other ways than `add`. */
  assume(count: number): void {
    this.#count = count
  }

  /** Says that a builder has filled the tables, and how many rows there are now. */
  markSorted(count: number): void {
    this.#count = count
    this.#isSorted = true
    for (const reader of this.#readers) if (reader) this.#aim(reader.kernel)
  }

  /** Returns the id of the content that a row belongs to. */
  contentOf(row: number): number {
    return this.#contents[row]!
  }
  /** Returns the number of the bank that a row belongs to. */
  bankOf(row: number): number {
    return this.#banks[row]!
  }
  /** True when the row is marked as removed. */
  isRemoved(row: number): boolean {
    return (this.#bytes[this.layout.removed + (row >>> 3)]! & (1 << (row & 7))) !== 0
  }
  /** Marks a row as removed. Safe to repeat. */
  remove(row: number): void {
    if (this.isRemoved(row)) return
    this.#bytes[this.layout.removed + (row >>> 3)]! |= 1 << (row & 7)
    this.removedCount++
  }

  /**
   * Begins to look for every row within `radius` bits of a hash (0 to 256), removed ones included. `reader` (0 to 3) is the
   * kernel to use; one search at a time with each, and a search that is left before its end is forgotten.
   */
  search(hash: Uint8Array, radius: number, reader: number): RowSearch {
    const { kernel, hits } = (this.#readers[reader] ??= this.#openReader(reader))
    this.#bytes.set(hash, kernel.needleAt())
    return this.#isSorted && radius <= maxTableRadius
      ? new TableSearch(kernel, hits, radius)
      : new ScanSearch(kernel, hits, radius, this)
  }

  #openReader(reader: number): Reader {
    if (reader >= maxReaders)
      throw new RangeError(`Expected a reader below ${maxReaders} but received ${reader}`)
    const kernel = instantiateHamming(this.memory)
    if (kernel.scratchBytes() > readerBytes)
      throw new RangeError(`Expected at most ${readerBytes} bytes of scratch but the kernel needs more`)
    kernel.attach(this.layout.scratch + reader * readerBytes)
    this.#aim(kernel)
    return { kernel, hits: new Uint32Array(this.memory.buffer, kernel.hitsAt(), hitsPerStep * 2) }
  }

  #aim(kernel: HammingKernel): void {
    const { hashes, tables } = this.layout
    const { offsets = 0, prints = 0, printsPitch = 0, ids = 0, idsPitch = 0 } = tables ?? {}
    kernel.use(hashes, offsets, prints, printsPitch, ids, idsPitch, this.#count)
  }
}
