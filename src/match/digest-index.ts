import { randomInt } from 'node:crypto'
import type { HashIndex, IndexHit } from './hash-index.ts'

/** Parts of an index, each a table of its own, so that making one larger never takes long: a power of two. */
const parts = 1024
const firstCapacity = 8
/** A cell of a table is the number of an entry and one, or this. */
const empty = 0

/**
 * Returns an empty index of exact digests of so many bytes, 8 or more: a hit is the same value, at distance 0, whatever the
 * radius. It is a hash table in typed arrays, about 50 bytes for a SHA-256.
 */
export function openDigestIndex(digestBytes: number): HashIndex {
  // Which cell a digest belongs to is not to be foreseen, or a bank could be made that slows everything down.
  const seed = randomInt(2 ** 31)
  const tables = new Map<number, DigestTable>()
  let size = 0

  function tableOf(mixed: number): DigestTable | undefined {
    return tables.get(mixed & (parts - 1))
  }
  return {
    get size() {
      return size
    },
    reserve() {},
    add(digest, bankId, contentId) {
      const mixed = mix(digest, seed)
      let table = tableOf(mixed)
      if (!table) {
        table = new DigestTable(digestBytes, seed)
        tables.set(mixed & (parts - 1), table)
      }
      table.add(digest, mixed, bankId, contentId)
      size++
    },
    remove(digest, contentId) {
      const mixed = mix(digest, seed)
      const isFound = tableOf(mixed)?.remove(digest, mixed, contentId) ?? false
      if (isFound) size--
      return isFound
    },
    async search(digest) {
      const mixed = mix(digest, seed)
      return tableOf(mixed)?.find(digest, mixed) ?? []
    },
    async tend() {},
    async [Symbol.asyncDispose]() {},
  }
}

/** Entries one after the other, and a table of their numbers by open addressing with linear probing (Knuth, 6.4, L and R). */
class DigestTable {
  readonly #digestBytes: number
  readonly #seed: number
  #digests: Uint8Array
  #contents: Uint32Array
  #banks: Uint32Array
  #cells: Uint32Array
  #count = 0

  constructor(digestBytes: number, seed: number) {
    this.#digestBytes = digestBytes
    this.#seed = seed
    this.#digests = new Uint8Array(firstCapacity * digestBytes)
    this.#contents = new Uint32Array(firstCapacity)
    this.#banks = new Uint32Array(firstCapacity)
    this.#cells = new Uint32Array(firstCapacity * 2)
  }

  add(digest: Uint8Array, mixed: number, bankId: number, contentId: number): void {
    if (this.#count === this.#contents.length) this.#enlarge()
    const entry = this.#count++
    this.#digests.set(digest, entry * this.#digestBytes)
    this.#contents[entry] = contentId
    this.#banks[entry] = bankId
    this.#place(entry, mixed)
  }

  find(digest: Uint8Array, mixed: number): IndexHit[] {
    const hits: IndexHit[] = []
    for (let cell = this.#home(mixed); this.#cells[cell] !== empty; cell = this.#next(cell)) {
      const entry = this.#cells[cell]! - 1
      if (!this.#holds(entry, digest)) continue
      hits.push({ bankId: this.#banks[entry]!, contentId: this.#contents[entry]!, distance: 0 })
    }
    return hits
  }

  remove(digest: Uint8Array, mixed: number, contentId: number): boolean {
    for (let cell = this.#home(mixed); this.#cells[cell] !== empty; cell = this.#next(cell)) {
      const entry = this.#cells[cell]! - 1
      if (this.#contents[entry] !== contentId || !this.#holds(entry, digest)) continue
      this.#vacate(cell)
      this.#moveLastTo(entry)
      return true
    }
    return false
  }

  /** The last entry takes the place of one that is gone, so that there are never gaps. */
  #moveLastTo(entry: number): void {
    const last = --this.#count
    if (last === entry) return
    let cell = this.#home(mix(this.#digestOf(last), this.#seed))
    while (this.#cells[cell] !== last + 1) cell = this.#next(cell)
    this.#cells[cell] = entry + 1
    this.#digests.set(this.#digestOf(last), entry * this.#digestBytes)
    this.#contents[entry] = this.#contents[last]!
    this.#banks[entry] = this.#banks[last]!
  }

  /** Empties a cell, and moves up those after it that would not be found across the gap. */
  #vacate(cell: number): void {
    let gap = cell
    for (let at = this.#next(gap); this.#cells[at] !== empty; at = this.#next(at)) {
      const home = this.#home(mix(this.#digestOf(this.#cells[at]! - 1), this.#seed))
      const fromHome = (at - home) & (this.#cells.length - 1)
      const fromGap = (at - gap) & (this.#cells.length - 1)
      if (fromHome < fromGap) continue
      this.#cells[gap] = this.#cells[at]!
      gap = at
    }
    this.#cells[gap] = empty
  }

  #enlarge(): void {
    const capacity = this.#contents.length * 2
    this.#digests = enlarged(this.#digests, new Uint8Array(capacity * this.#digestBytes))
    this.#contents = enlarged(this.#contents, new Uint32Array(capacity))
    this.#banks = enlarged(this.#banks, new Uint32Array(capacity))
    this.#cells = new Uint32Array(capacity * 2)
    for (let entry = 0; entry < this.#count; entry++)
      this.#place(entry, mix(this.#digestOf(entry), this.#seed))
  }

  #place(entry: number, mixed: number): void {
    let cell = this.#home(mixed)
    while (this.#cells[cell] !== empty) cell = this.#next(cell)
    this.#cells[cell] = entry + 1
  }

  #digestOf(entry: number): Uint8Array {
    return this.#digests.subarray(entry * this.#digestBytes, (entry + 1) * this.#digestBytes)
  }

  #holds(entry: number, digest: Uint8Array): boolean {
    const start = entry * this.#digestBytes
    for (let i = 0; i < this.#digestBytes; i++) if (this.#digests[start + i] !== digest[i]) return false
    return true
  }

  /** The low bits chose the table. */
  #home(mixed: number): number {
    return (mixed >>> 10) & (this.#cells.length - 1)
  }
  #next(cell: number): number {
    return (cell + 1) & (this.#cells.length - 1)
  }
}

/** Returns a well mixed 32-bit number of a digest's first eight bytes (the finalizer of MurmurHash3). */
function mix(digest: Uint8Array, seed: number): number {
  let mixed = seed ^ (digest[0]! | (digest[1]! << 8) | (digest[2]! << 16) | (digest[3]! << 24))
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed ^= digest[4]! | (digest[5]! << 8) | (digest[6]! << 16) | (digest[7]! << 24)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

function enlarged<T extends Uint8Array | Uint32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
