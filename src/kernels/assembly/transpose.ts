// Transpositions of 4 x 4. The rows of a picture lie one after another, but sixteen of them, a "band", are worked on side by
// side: what they have in one column lies together, four vectors of four (64 bytes).

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

/** Writes columns of a band, a multiple of four of them, as its sixteen rows, `pitch` bytes apart. */
export function storeAsRows(band: usize, columns: i32, to: usize, pitch: usize): void {
  for (let quad: usize = 0; quad < 64; quad += 16) {
    let from = band + quad
    for (let x: usize = 0; x < <usize>columns << 2; x += 16) {
      storeTransposed(
        to + x,
        pitch,
        v128.load(from),
        v128.load(from, 64),
        v128.load(from, 128),
        v128.load(from, 192),
      )
      from += 256
    }
    to += pitch << 2
  }
}
