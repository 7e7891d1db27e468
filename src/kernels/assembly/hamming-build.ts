// Building what `hamming.ts` searches: per slot the rows in the order of their value there. A slot has 65,536 buckets, too
// many to write to at once: every write would miss the caches. So rows go to 256 parts by the high byte first, and each
// part, which fits the cache, is then sorted by the low byte in place (American flag sort: McIlroy, Bostic, McIlroy, 1993).

const TABLE_BYTES: usize = 65537 << 2
const PARTS: u32 = 256
/** Of scratch: where each bucket of a part is written next and where it ends, then where the parts of each slot are; u32 each. */
const NEXTS: usize = 0
const ENDS: usize = <usize>PARTS * 4
const PART_NEXTS: usize = <usize>PARTS * 8

let ids: usize = 0
let prints: usize = 0
let lows: usize = 0
let nexts: usize = 0

/**
 * Sorts `count` rows into the buckets of the slots from `fromSlot` up to `toSlot`. Of each slot it writes 65,537 offsets, the prints (the value of the next
 * slot) and the rows, in bucket order; the tables of the slots are `...Pitch` bytes apart. `lowBytes` is room for a byte of
 * each row, `scratch` for 18 KB; neither means anything afterwards.
 */
export function build(
  count: u32,
  fromSlot: usize,
  toSlot: usize,
  hashes: usize,
  offsets: usize,
  printsAt: usize,
  printsPitch: usize,
  idsAt: usize,
  idsPitch: usize,
  lowBytes: usize,
  scratch: usize,
): void {
  lows = lowBytes
  nexts = scratch + NEXTS
  countParts(count, fromSlot, toSlot, hashes, scratch + PART_NEXTS)
  for (let slot = fromSlot; slot < toSlot; slot++) {
    const parts = scratch + PART_NEXTS + slot * (<usize>PARTS << 2)
    prints = printsAt + slot * printsPitch
    ids = idsAt + slot * idsPitch
    const own = hashes + (slot << 1)
    const next = hashes + (((slot + 1) & 15) << 1)
    startsOfCounts(parts, 0, 0)
    deal(count, own, next, parts)
    // Now each part's place is its end, which is the start of the next.
    const table = offsets + slot * TABLE_BYTES
    let start: u32 = 0
    for (let part: u32 = 0; part < PARTS; part++) {
      const partEnd = load<u32>(parts + (<usize>part << 2))
      sortPart(start, partEnd, table + (<usize>part << 10), scratch + ENDS)
      start = partEnd
    }
    store<u32>(table + (65536 << 2), count)
  }
}

/** Counts in every slot how many rows belong to each part. */
function countParts(count: u32, fromSlot: usize, toSlot: usize, hashes: usize, parts: usize): void {
  memory.fill(parts, 0, <usize>PARTS * 4 * 16)
  const end = hashes + (<usize>count << 5)
  for (let hash = hashes; hash < end; hash += 32) {
    for (let slot = fromSlot; slot < toSlot; slot++) {
      increment(parts + (slot << 10) + (<usize>load<u8>(hash + (slot << 1), 1) << 2))
    }
  }
}

@inline
function increment(cell: usize): void {
  store<u32>(cell, load<u32>(cell) + 1)
}

/** Makes of 256 counts the places where each begins, from `start` on; also written to a second place unless that is 0. */
function startsOfCounts(counts: usize, start: u32, copy: usize): void {
  for (let at: usize = 0; at < <usize>PARTS * 4; at += 4) {
    const size = load<u32>(counts + at)
    store<u32>(counts + at, start)
    if (copy) store<u32>(copy + at, start)
    start += size
  }
}

/** Writes every row to its part: its number, its print and the low byte of its value. */
function deal(count: u32, own: usize, next: usize, parts: usize): void {
  for (let row: u32 = 0; row < count; row++) {
    const hash = <usize>row << 5
    const value = <u32>load<u16>(own + hash)
    const cell = parts + (<usize>(value >> 8) << 2)
    const at = <usize>load<u32>(cell)
    store<u32>(cell, <u32>at + 1)
    store<u32>(ids + (at << 2), row)
    store<u16>(prints + (at << 1), load<u16>(next + hash))
    store<u8>(lows + at, <u8>value)
  }
}

/** Sorts the entries of a part by their low byte, and writes where each of its 256 buckets starts. */
function sortPart(start: u32, end: u32, table: usize, ends: usize): void {
  memory.fill(nexts, 0, PARTS * 4)
  for (let at = start; at < end; at++) increment(nexts + (<usize>load<u8>(lows + <usize>at) << 2))
  startsOfCounts(nexts, start, table)
  memory.copy(ends, nexts + 4, PARTS * 4 - 4)
  store<u32>(ends + PARTS * 4 - 4, end)
  for (let bucket: u32 = 0; bucket < PARTS; bucket++) {
    const cell = nexts + (<usize>bucket << 2)
    const bucketEnd = load<u32>(ends + (<usize>bucket << 2))
    for (let at = load<u32>(cell); at < bucketEnd; at++) {
      let low = <u32>load<u8>(lows + <usize>at)
      if (low == bucket) continue
      let id = load<u32>(ids + (<usize>at << 2))
      let print = load<u16>(prints + (<usize>at << 1))
      // Each entry takes the place of another one, until one comes that belongs here.
      do {
        const other = nexts + (<usize>low << 2)
        const to = <usize>load<u32>(other)
        store<u32>(other, <u32>to + 1)
        const heldId = load<u32>(ids + (to << 2))
        const heldPrint = load<u16>(prints + (to << 1))
        const heldLow = <u32>load<u8>(lows + to)
        store<u32>(ids + (to << 2), id)
        store<u16>(prints + (to << 1), print)
        store<u8>(lows + to, <u8>low)
        id = heldId
        print = heldPrint
        low = heldLow
      } while (low != bucket)
      store<u32>(ids + (<usize>at << 2), id)
      store<u16>(prints + (<usize>at << 1), print)
    }
  }
}
