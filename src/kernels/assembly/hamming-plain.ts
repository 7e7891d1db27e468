// The yardstick of the benchmark: the same 16 slots without prints, as faiss's IndexBinaryMultiHash does it. Every entry of a
// bucket is compared in full. Memory is touched before it is used, as in `hamming.ts`, so that prints are all that differs.

const SLOTS: usize = 16
/** Entries that are touched and compared together. */
const GROUP: usize = 256

/**
 * Counts the hashes within `radius` (0 to 31) of the needle, each in the first slot where it is met. `scratch` has room for 1 KB.
 */
export function countWithin(
  needle: usize,
  radius: i32,
  hashes: usize,
  offsets: usize,
  ids: usize,
  idsPitch: usize,
  scratch: usize,
): i32 {
  let found = 0
  for (let slot: usize = 0; slot < SLOTS; slot++) {
    const table = offsets + slot * (65537 << 2)
    const rows = ids + slot * idsPitch
    const value = <usize>load<u16>(needle + (slot << 1))
    const flips = ((radius + 1) >> 4) + i32(<i32>slot < ((radius + 1) & 15)) > 1 ? 17 : 1
    for (let flip = 0; flip < flips; flip++) {
      const at = table + ((flip == 0 ? value : value ^ (1 << (flip - 1))) << 2)
      const end = rows + (<usize>load<u32>(at, 4) << 2)
      for (let row = rows + (<usize>load<u32>(at) << 2); row < end; row += GROUP << 2) {
        found += countGroup(row, min(end, row + (GROUP << 2)), needle, radius, hashes, slot, scratch)
      }
    }
  }
  return found
}

let touched: u32 = 0

@inline
function countGroup(
  from: usize,
  to: usize,
  needle: usize,
  radius: i32,
  hashes: usize,
  slot: usize,
  scratch: usize,
): i32 {
  let sum: u32 = 0
  let size: usize = 0
  for (let row = from; row < to; row += 4, size += 4) {
    const hash = hashes + (<usize>load<u32>(row) << 5)
    store<u32>(scratch + size, <u32>hash)
    sum += load<u8>(hash)
  }
  touched = sum
  let found = 0
  for (let at: usize = 0; at < size; at += 4) {
    const hash = <usize>load<u32>(scratch + at)
    const distance = <i32>(
      popcnt(load<u64>(hash) ^ load<u64>(needle)) +
      popcnt(load<u64>(hash, 8) ^ load<u64>(needle, 8)) +
      popcnt(load<u64>(hash, 16) ^ load<u64>(needle, 16)) +
      popcnt(load<u64>(hash, 24) ^ load<u64>(needle, 24))
    )
    if (distance <= radius && isFirst(hash, needle, radius, slot)) found++
  }
  return found
}

/** True when no slot before this one has the hash in a bucket that is looked at. */
function isFirst(hash: usize, needle: usize, radius: i32, slot: usize): bool {
  for (let before: usize = 0; before < slot; before++) {
    const bits = popcnt(<u32>(load<u16>(hash + (before << 1)) ^ load<u16>(needle + (before << 1))))
    if (<i32>bits < ((radius + 1) >> 4) + i32(<i32>before < ((radius + 1) & 15))) return false
  }
  return true
}
