// Transpositions of 4 x 4. The rows of a picture lie one after another, but eight of them are worked on side by side: an
// "octet" is what eight rows have in one column, two vectors of four.

// The four patterns below are single instructions (unpck) on x64 and zip/trn on ARM.
@inline
export function lowPairs(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 0, 4, 1, 5)
}
@inline
export function highPairs(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 2, 6, 3, 7)
}
@inline
export function firstHalves(a: v128, b: v128): v128 {
  return v128.shuffle<f64>(a, b, 0, 2)
}
@inline
export function secondHalves(a: v128, b: v128): v128 {
  return v128.shuffle<f64>(a, b, 1, 3)
}

/** Writes the transposition of four vectors as four vectors, `pitch` bytes apart. */
@inline
export function storeTransposed(to: usize, pitch: usize, a: v128, b: v128, c: v128, d: v128): void {
  const abLow = lowPairs(a, b)
  const cdLow = lowPairs(c, d)
  v128.store(to, firstHalves(abLow, cdLow))
  v128.store(to + pitch, secondHalves(abLow, cdLow))
  const abHigh = highPairs(a, b)
  const cdHigh = highPairs(c, d)
  v128.store(to + 2 * pitch, firstHalves(abHigh, cdHigh))
  v128.store(to + 3 * pitch, secondHalves(abHigh, cdHigh))
}

/** Writes four octets as eight rows of four, `pitch` bytes apart. */
@inline
export function storeAsRows(octets: usize, to: usize, pitch: usize): void {
  storeTransposed(
    to,
    pitch,
    v128.load(octets),
    v128.load(octets, 32),
    v128.load(octets, 64),
    v128.load(octets, 96),
  )
  storeTransposed(
    to + 4 * pitch,
    pitch,
    v128.load(octets, 16),
    v128.load(octets, 48),
    v128.load(octets, 80),
    v128.load(octets, 112),
  )
}
