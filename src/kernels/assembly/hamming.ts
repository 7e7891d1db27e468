// All hashes within a radius of a needle (256 bits), exactly: multi-index hashing over 16 slots of 16 bits (Norouzi, Punjani
// and Fleet, 2012), each entry with the next slot's value beside it as a print (pigeonring: Qin and Xiao, 2018).
//
// A radius r is dealt out to the slots as u[i], together r + 1. If the bits d[i] that differ sum to at most r, then some
// slot has d[i] <= u[i] - 1 and d[i] + d[i+1] <= u[i] + u[i+1] - 1 (cycle lemma, slots in a ring). So it is enough to look
// in each slot at the buckets within u[i] - 1 bits of the needle's value, and there at the entries whose print passes: at
// 10 million hashes and radius 31 that is 113 of 41,500 entries. A hash that passes in several slots is told in the first,
// and where many do, it is not verified again.
//
// The memory is shared by several instances; what an instance writes while it searches is in its own scratch. WebAssembly
// cannot prefetch, so memory is touched in tight loops of loads that do not wait for each other, before it is used. It is one
// file because the state of a search is globals, which AssemblyScript lets no other file set; building is `hamming-build.ts`.

export { build } from './hamming-build'

const SLOTS = 16
const BUCKETS = 65536
/** Values within 0 to 3 bits of a given one: 1 + 16 + 120 + 560. */
const FLIPS = 697
/** Buckets that are touched and read together. */
const GROUP = 288
/** Entries whose print passed that are verified together. */
const SURVIVORS = 2048
/** Hits that are handed over together: more than one flush can add. */
const HITS = 4096

// Scratch of an instance, in bytes from where it begins.
const NEEDLE: usize = 0
const FLIP_MASKS: usize = NEEDLE + 32
/** What the radius deals out to each slot, and to it and the one after it; u16 each. */
const DEALT: usize = 1472
const DEALT_BOTH: usize = DEALT + 32
const STARTS: usize = 2048
const ENDS: usize = STARTS + GROUP * 4
const SLOT_OF: usize = ENDS + GROUP * 4
const MOST_OF: usize = SLOT_OF + GROUP
const ENTRIES: usize = MOST_OF + GROUP
const ENTRY_SLOTS: usize = ENTRIES + SURVIVORS * 4
const FOUND: usize = ENTRY_SLOTS + SURVIVORS
/** Pairs of a row and its distance, u32 each. */
const HITS_AT: usize = FOUND + SURVIVORS * 4
/** Rows that were verified, each at a place that its number gives; u32. */
const SEEN: usize = HITS_AT + HITS * 8
const SEEN_PLACES: u32 = 8192
/** Bytes that an instance needs. */
const SCRATCH: usize = SEEN + <usize>SEEN_PLACES * 4

let scratch: usize = 0
let offsets: usize = 0
let prints: usize = 0
let printsPitch: usize = 0
let ids: usize = 0
let idsPitch: usize = 0
let hashes: usize = 0
/** Of prints in a bucket of usual size; beyond them the processor sees the pattern itself. */
let usualBytes: u32 = 0

// The search under way.
let radius = 0
let slot = 0
let flip = 0
let groupSize = 0
let bucket = 0
/** The address of the next print, or the row of a scan. */
let cursor: u32 = 0
let survivors = 0
let hits = 0
let isAtEnd = true
/** True when so many entries pass that rows must be coming back. */
let isDense = false
/** Keeps the loads that only touch. */
let touched: u32 = 0

/** Bytes of scratch that an instance needs. */
export function scratchBytes(): usize {
  return SCRATCH
}

/** Says where this instance's scratch is, and fills in its tables. */
export function attach(scratchAt: usize): void {
  scratch = scratchAt
  let at = scratch + FLIP_MASKS
  for (let bits = 0; bits <= 3; bits++) {
    for (let mask = 0; mask < BUCKETS; mask++) {
      if (popcnt(mask) != bits) continue
      store<u16>(at, <u16>mask)
      at += 2
    }
  }
}

/**
 * Says where the rows are that are searched: `hashes` of 32 bytes, and for `begin` per slot 65,537 bucket offsets (u32), the
 * prints in bucket order (u16) and the rows (u32), the tables of the slots `...Pitch` bytes apart.
 */
export function use(
  hashesAt: usize,
  offsetsAt: usize,
  printsAt: usize,
  printPitch: usize,
  idsAt: usize,
  idPitch: usize,
  count: u32,
): void {
  hashes = hashesAt
  offsets = offsetsAt
  prints = printsAt
  printsPitch = printPitch
  ids = idsAt
  idsPitch = idPitch
  usualBytes = min(512, count >> 15)
}

/** Where the caller writes the needle, 32 bytes. */
export function needleAt(): usize {
  return scratch + NEEDLE
}
/** Where the hits of a step are: pairs of a row and its distance, u32 each. */
export function hitsAt(): usize {
  return scratch + HITS_AT
}
/** True when a search has no further step. */
export function isDone(): bool {
  return isAtEnd
}

/** Bits of the radius that a slot answers for. */
@inline
function dealt(slot: i32): i32 {
  return ((radius + 1) >> 4) + i32(slot < ((radius + 1) & 15))
}
/** How many values lie within so many bits of one. */
@inline
function flipsWithin(bits: i32): i32 {
  if (bits < 0) return 0
  if (bits == 0) return 1
  if (bits == 1) return 17
  return bits == 2 ? 137 : FLIPS
}

/** Prepares a search of the needle within `bits`, 0 to 63. */
export function begin(bits: i32): void {
  radius = bits
  slot = flip = groupSize = bucket = survivors = 0
  isAtEnd = isDense = false
  for (let at: usize = 0; at < 16; at++) {
    const own = dealt(<i32>at)
    store<u16>(scratch + DEALT + (at << 1), <u16>own)
    store<u16>(scratch + DEALT_BOTH + (at << 1), <u16>(own + dealt((<i32>at + 1) & (SLOTS - 1))))
  }
}

/**
 * Goes on with the search for about `effort` entries, and returns how many hits it wrote; each hit is told once, in no order.
 * The hits of the step before are gone then.
 */
export function step(effort: i32): i32 {
  hits = 0
  while (true) {
    if (bucket == groupSize && !nextGroup()) {
      if (hits + survivors > HITS) return hits
      verify()
      isAtEnd = true
      return hits
    }
    while (bucket < groupSize) {
      const end = load<u32>(scratch + ENDS + (<usize>bucket << 2))
      const limit = (end - cursor) >> 1 <= <u32>effort ? end : cursor + (<u32>effort << 1)
      effort -= ((limit - cursor) >> 1) + 8
      if (!readBucket(limit)) return hits
      if (limit == end && ++bucket < groupSize) cursor = load<u32>(scratch + STARTS + (<usize>bucket << 2))
      if (effort <= 0) return hits
    }
  }
}

/** Looks the next buckets up and touches them; false when there is none left. */
function nextGroup(): bool {
  let size: usize = 0
  while (size < <usize>GROUP && slot < SLOTS) {
    const own = dealt(slot)
    const both = own + dealt((slot + 1) & (SLOTS - 1)) - 1
    const count = flipsWithin(own - 1)
    const value = load<u16>(scratch + NEEDLE + (<usize>slot << 1))
    const table = offsets + <usize>slot * ((BUCKETS + 1) << 2)
    const from = prints + <usize>slot * printsPitch
    touchOffsets(table, value, min(count, flip + GROUP - <i32>size))
    while (size < <usize>GROUP && flip < count) {
      const at = table + (<usize>(value ^ load<u16>(scratch + FLIP_MASKS + (<usize>flip << 1))) << 2)
      store<u32>(scratch + STARTS + (size << 2), <u32>(from + (<usize>load<u32>(at) << 1)))
      store<u32>(scratch + ENDS + (size << 2), <u32>(from + (<usize>load<u32>(at, 4) << 1)))
      store<u8>(scratch + SLOT_OF + size, <u8>slot)
      store<u8>(scratch + MOST_OF + size, <u8>(both - flipped(flip)))
      size++
      flip++
    }
    if (flip < count) break
    slot++
    flip = 0
  }
  groupSize = <i32>size
  bucket = 0
  if (size == 0) return false
  touchGroup(size)
  cursor = load<u32>(scratch + STARTS)
  return true
}

/** How many bits the flip of a number changes. */
@inline
function flipped(flip: i32): i32 {
  return i32(flip > 0) + i32(flip > 16) + i32(flip > 136)
}

/** Reads a byte of the cache lines that a bucket of usual size begins with, and of the one that it ends in. */
function touchGroup(size: usize): void {
  let sum: u32 = 0
  for (let at: usize = 0; at < size << 2; at += 4) {
    const start = load<u32>(scratch + STARTS + at)
    sum += load<u8>(start) + load<u8>(load<u32>(scratch + ENDS + at) - 1)
    for (let line = start + 64; line < start + usualBytes; line += 64) sum += load<u8>(line)
  }
  touched = sum
}

/** Reads the offsets of a slot's buckets before they are used. */
@inline
function touchOffsets(table: usize, value: u32, count: i32): void {
  let sum: u32 = 0
  const masks = scratch + FLIP_MASKS
  for (let at = masks + (<usize>flip << 1), end = masks + (<usize>count << 1); at < end; at += 2) {
    sum += load<u32>(table + (<usize>(value ^ <u32>load<u16>(at)) << 2))
  }
  touched = sum
}

/** Collects the entries of the bucket from the cursor to `limit` whose print passes; false when hits must be taken first. */
function readBucket(limit: u32): bool {
  const inSlot = load<u8>(scratch + SLOT_OF + <usize>bucket)
  const most = <i32>load<u8>(scratch + MOST_OF + <usize>bucket)
  const value = v128.load16_splat(scratch + NEEDLE + (<usize>((inSlot + 1) & (SLOTS - 1)) << 1))
  if (most == 2) return readPrints(limit, inSlot, value, 2)
  if (most == 3) return readPrints(limit, inSlot, value, 3)
  return readPrints(limit, inSlot, value, most)
}

@inline
function readPrints(limit: u32, inSlot: i32, value: v128, most: i32): bool {
  const bound = i16x8.splat(<i16>most)
  const ones = i16x8.splat(-1)
  let at = cursor
  while (at < limit) {
    if (survivors > SURVIVORS - 16) {
      cursor = at
      if (hits + survivors > HITS) return false
      if (!isDense) {
        memory.fill(scratch + SEEN, 0xff, <usize>SEEN_PLACES * 4)
        isDense = true
      }
      verify()
    }
    const a = excess(v128.xor(v128.load(at), value), most, bound, ones)
    const b = excess(v128.xor(v128.load(at, 16), value), most, bound, ones)
    if (!i16x8.all_true(i16x8.min_u(a, b))) {
      let mask = <u32>zeros(a, b)
      // What lies beyond the bucket belongs to the next one.
      if (limit - at < 32) mask &= (<u32>1 << ((limit - at) >> 1)) - 1
      while (mask) {
        store<u32>(scratch + ENTRIES + (<usize>survivors << 2), at + (ctz(mask) << 1))
        store<u8>(scratch + ENTRY_SLOTS + <usize>survivors, <u8>inSlot)
        survivors++
        mask &= mask - 1
      }
    }
    at += 32
  }
  cursor = limit
  return true
}

/** Of eight 16-bit values, zero where at most so many bits are set. For few, the lowest set bit is taken away so often. */
@inline
function excess(bits: v128, most: i32, bound: v128, ones: v128): v128 {
  if (most == 2 || most == 3) {
    bits = v128.and(bits, i16x8.add(bits, ones))
    bits = v128.and(bits, i16x8.add(bits, ones))
    return most == 3 ? v128.and(bits, i16x8.add(bits, ones)) : bits
  }
  return i16x8.sub_sat_u(i16x8.extadd_pairwise_i8x16_u(i8x16.popcnt(bits)), bound)
}

/** A bit for each of sixteen values that is zero. */
@inline
function zeros(a: v128, b: v128): i32 {
  const none = i16x8.splat(0)
  return i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.eq(a, none), i16x8.eq(b, none)))
}

/** Compares the collected entries in full and writes those within the radius to the hits. */
function verify(): void {
  const count = isDense ? takeUnseen() : takeAll()
  let sum: u32 = 0
  for (let i: usize = 0; i < count; i++) {
    sum += load<u8>(hashes + (<usize>load<u32>(scratch + FOUND + (i << 2)) << 5))
  }
  touched = sum
  for (let i: usize = 0; i < count; i++) {
    const row = load<u32>(scratch + FOUND + (i << 2))
    const distance = distanceTo(hashes + (<usize>row << 5))
    if (distance > radius) continue
    const inSlot = <i32>load<u8>(scratch + ENTRY_SLOTS + i)
    if (firstSlotOf(hashes + (<usize>row << 5)) != inSlot) continue
    writeHit(row, distance)
  }
  survivors = 0
}

/** Looks the rows of the collected entries up, and returns how many they are. */
function takeAll(): usize {
  const count = <usize>survivors
  for (let i: usize = 0; i < count; i++) store<u32>(scratch + FOUND + (i << 2), rowOf(i))
  return count
}

/**
 * The same without the rows that were verified in an earlier slot, as far as they are remembered: beside a dense cluster each
 * passes in six slots or seven.
 */
function takeUnseen(): usize {
  const count = <usize>survivors
  let kept: usize = 0
  for (let i: usize = 0; i < count; i++) {
    const row = rowOf(i)
    const place = scratch + SEEN + (<usize>(row & (SEEN_PLACES - 1)) << 2)
    if (load<u32>(place) == row) continue
    store<u32>(place, row)
    store<u32>(scratch + FOUND + (kept << 2), row)
    store<u8>(scratch + ENTRY_SLOTS + kept, load<u8>(scratch + ENTRY_SLOTS + i))
    kept++
  }
  return kept
}

/** The row of a collected entry. */
@inline
function rowOf(i: usize): u32 {
  const inSlot = <usize>load<u8>(scratch + ENTRY_SLOTS + i)
  const print = <usize>load<u32>(scratch + ENTRIES + (i << 2)) - prints - inSlot * printsPitch
  return load<u32>(ids + inSlot * idsPitch + (print << 1))
}

@inline
function writeHit(row: u32, distance: i32): void {
  const at = scratch + HITS_AT + (<usize>hits << 3)
  store<u32>(at, row)
  store<u32>(at, <u32>distance, 4)
  hits++
}

@inline
function distanceTo(hash: usize): i32 {
  const needle = scratch + NEEDLE
  return <i32>(
    popcnt(load<u64>(hash) ^ load<u64>(needle)) +
    popcnt(load<u64>(hash, 8) ^ load<u64>(needle, 8)) +
    popcnt(load<u64>(hash, 16) ^ load<u64>(needle, 16)) +
    popcnt(load<u64>(hash, 24) ^ load<u64>(needle, 24))
  )
}

/** The first slot in which a hash passes that lies within the radius. */
@inline
function firstSlotOf(hash: usize): i32 {
  const needle = scratch + NEEDLE
  const a = i16x8.extadd_pairwise_i8x16_u(i8x16.popcnt(v128.xor(v128.load(hash), v128.load(needle))))
  const b = i16x8.extadd_pairwise_i8x16_u(i8x16.popcnt(v128.xor(v128.load(hash, 16), v128.load(needle, 16))))
  const nextA = v128.shuffle<i16>(a, b, 1, 2, 3, 4, 5, 6, 7, 8)
  const nextB = v128.shuffle<i16>(b, a, 1, 2, 3, 4, 5, 6, 7, 8)
  return ctz(i8x16.bitmask(i8x16.narrow_i16x8_s(passes(a, nextA, 0), passes(b, nextB, 16))))
}

/** Which of eight slots pass, by the bits that differ in them and in those after them. */
@inline
function passes(bits: v128, next: v128, at: usize): v128 {
  const own = i16x8.lt_s(bits, v128.load(scratch + DEALT + at))
  return v128.and(own, i16x8.lt_s(i16x8.add(bits, next), v128.load(scratch + DEALT_BOTH + at)))
}

/**
 * Compares the needle with the rows from `from` up to `to` one after the other, within `bits` (0 to 256), and returns how many
 * hits it wrote; `scanned` says where it stopped, which is before `to` when the hits must be taken away first.
 */
export function scan(from: u32, to: u32, bits: i32): i32 {
  const needle = scratch + NEEDLE
  const a = load<u64>(needle)
  const b = load<u64>(needle, 8)
  hits = 0
  cursor = to
  for (let row = from; row < to; row++) {
    const hash = hashes + (<usize>row << 5)
    const half = <i32>(popcnt(load<u64>(hash) ^ a) + popcnt(load<u64>(hash, 8) ^ b))
    if (half > bits) continue
    const distance = distanceTo(hash)
    if (distance > bits) continue
    writeHit(row, distance)
    if (hits == HITS) {
      cursor = row + 1
      break
    }
  }
  return hits
}
/** The row at which the last `scan` stopped. */
export function scanned(): u32 {
  return cursor
}
