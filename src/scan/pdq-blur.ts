/**
 * Returns the reference's "Jarosz" filter of `rows * columns` values (`PDQ.md` section 5): two box means per axis, then
 * one value per cell of a `side * side` grid (section 6). Plain on purpose: the kernel is what has to be fast.
 */
export function tentFilter(luma: Float32Array, rows: number, columns: number, side: number): Float32Array {
  const across = { lines: rows, lineStep: columns, length: columns, step: 1 }
  const down = { lines: columns, lineStep: 1, length: rows, step: columns }
  const first = luma.slice()
  const second = new Float32Array(luma.length)
  for (let pass = 0; pass < 2; pass++) {
    boxMeans(first, second, across)
    boxMeans(second, first, down)
  }
  return Float32Array.from({ length: side * side }, (_, at) => {
    const row = pickedIndex(Math.floor(at / side), side, rows)
    return first[row * columns + pickedIndex(at % side, side, columns)]!
  })
}

/** Returns the index that stands for cell `at` of `side`: the one in the middle of the cell. */
export function pickedIndex(at: number, side: number, length: number): number {
  return Math.floor(((at + 0.5) * length) / side)
}

/** Returns how many values a box mean covers on an axis. */
export function boxLength(length: number): number {
  return Math.ceil(length / 128)
}

/** Parallel lines of values in an array: rows or columns. */
type Lines = {
  readonly lines: number
  readonly lineStep: number
  readonly length: number
  readonly step: number
}

/**
 * Writes the running mean of every line. The order is the reference's, each sum and quotient rounded to binary32: add the
 * value that enters, subtract the one that leaves, divide by how many are in. An even box leans to the higher index; at
 * the ends there are fewer values in it.
 */
function boxMeans(from: Float32Array, to: Float32Array, { lines, lineStep, length, step }: Lines): void {
  const f32 = Math.fround
  const box = boxLength(length)
  const right = box >> 1
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep
    let sum = 0
    let count = 0
    for (let enter = 0; enter < length + right; enter++) {
      if (enter < length) {
        sum = f32(sum + from[start + enter * step]!)
        count++
      }
      const leave = enter - box
      if (leave >= 0) {
        sum = f32(sum - from[start + leave * step]!)
        count--
      }
      const out = enter - right
      if (out >= 0) to[start + out * step] = sum / count
    }
  }
}
