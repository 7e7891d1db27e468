/** The side of the square that is transformed. */
const side = 64
/** How many frequencies are kept per axis: 1 to 16; the mean (frequency 0) is not among them. */
const frequencies = 16

/**
 * Returns the 16 x 16 lowest frequencies of a 64 x 64 square, row by row: rows are vertical frequencies, columns
 * horizontal ones. Binary32, summed in the reference's order.
 */
export function dct16(square: Float32Array): Float32Array {
  const f32 = Math.fround
  const basis = dctBasis()
  const half = new Float32Array(frequencies * side)
  for (let i = 0; i < frequencies; i++) {
    for (let j = 0; j < side; j++) {
      let sum = 0
      for (let k = 0; k < side; k++) sum = f32(sum + f32(basis[i * side + k]! * square[k * side + j]!))
      half[i * side + j] = sum
    }
  }
  const dct = new Float32Array(frequencies * frequencies)
  for (let i = 0; i < frequencies; i++) {
    for (let j = 0; j < frequencies; j++) {
      let sum = 0
      for (let k = 0; k < side; k++) sum = f32(sum + f32(half[i * side + k]! * basis[j * side + k]!))
      dct[i * frequencies + j] = sum
    }
  }
  return dct
}

/** Returns the hash of a transform, 64 hex digits: a bit is set where a frequency is above the lower median. */
export function bitsOfDct(dct: Float32Array): string {
  const median = dct.toSorted()[dct.length / 2 - 1]!
  let hex = ''
  for (let at = dct.length - 4; at >= 0; at -= 4) {
    let digit = 0
    for (let bit = 3; bit >= 0; bit--) digit = digit * 2 + (dct[at + bit]! > median ? 1 : 0)
    hex += digit.toString(16)
  }
  return hex
}

/** Returns the cosines, 16 rows of 64; the product is taken in binary64 and rounded once, as the reference does. */
export function dctBasis(): Float32Array {
  const scale = Math.fround(Math.sqrt(2 / side))
  return Float32Array.from({ length: frequencies * side }, (_, at) => {
    const i = Math.floor(at / side)
    const j = at % side
    return scale * Math.cos((Math.PI / 2 / side) * (i + 1) * (2 * j + 1))
  })
}
