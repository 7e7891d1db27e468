/** Turns `rows * columns` brightness values into a blurred square. The result belongs to the filter: read it before the next call. */
export type TentFilter = (luma: Float32Array, rows: number, columns: number) => Float32Array

/**
 * Returns the reference's "Jarosz" filter: two box means per axis, then one value per cell of a `side * side` grid. A box
 * is `ceil(length / 128)` long, leans to the higher index when even, and is cut at the edges.
 */
export function createTentFilter(side: number): TentFilter {
  const square = new Float32Array(side * side)
  let first = new Float32Array(0)
  let second = new Float32Array(0)

  return (luma, rows, columns) => {
    const needed = rows * Math.max(columns, side)
    if (first.length < needed) {
      first = new Float32Array(needed)
      second = new Float32Array(needed)
    }
    const columnBox = boxLength(columns)
    const rowBox = boxLength(rows)
    blurRows(luma, first, rows, columns, columnBox)
    blurColumns(first, second, rows, columns, rowBox)
    blurRows(second, first, rows, columns, columnBox)
    // Columns do not touch one another, so only those that the grid picks take the last pass.
    pickColumns(first, second, rows, columns, side)
    blurColumns(second, first, rows, side, rowBox)
    for (let row = 0; row < side; row++) {
      const from = Math.floor(((row + 0.5) * rows) / side) * side
      square.set(first.subarray(from, from + side), row * side)
    }
    return square
  }
}

function boxLength(length: number): number {
  return Math.ceil(length / 128)
}

/**
 * Writes the running mean of each row. Four rows go side by side, because one row alone waits for each addition; each
 * row's own sums keep the reference's order: add the entering value, subtract the leaving one, divide by the count.
 */
function blurRows(from: Float32Array, to: Float32Array, rows: number, columns: number, box: number): void {
  const f32 = Math.fround
  const right = box >> 1
  for (let row = 0; row < rows; row += 4) {
    const a = row * columns
    const b = Math.min(row + 1, rows - 1) * columns
    const c = Math.min(row + 2, rows - 1) * columns
    const d = Math.min(row + 3, rows - 1) * columns
    let sumA = 0
    let sumB = 0
    let sumC = 0
    let sumD = 0
    let count = 0
    for (let enter = 0; enter < columns + right; enter++) {
      if (enter < columns) {
        sumA = f32(sumA + from[a + enter]!)
        sumB = f32(sumB + from[b + enter]!)
        sumC = f32(sumC + from[c + enter]!)
        sumD = f32(sumD + from[d + enter]!)
        count++
      }
      const leave = enter - box
      if (leave >= 0) {
        sumA = f32(sumA - from[a + leave]!)
        sumB = f32(sumB - from[b + leave]!)
        sumC = f32(sumC - from[c + leave]!)
        sumD = f32(sumD - from[d + leave]!)
        count--
      }
      const out = enter - right
      if (out < 0) continue
      to[a + out] = f32(sumA / count)
      to[b + out] = f32(sumB / count)
      to[c + out] = f32(sumC / count)
      to[d + out] = f32(sumD / count)
    }
  }
}

/** Writes the running mean of each column, all columns side by side, in the same order of sums as `blurRows`. */
function blurColumns(from: Float32Array, to: Float32Array, rows: number, columns: number, box: number): void {
  const f32 = Math.fround
  const right = box >> 1
  const sums = new Float32Array(columns)
  for (let enter = 0; enter < rows + right; enter++) {
    const entering = enter * columns
    const leaving = (enter - box) * columns
    const out = (enter - right) * columns
    // The cells in the window; a binary32 on purpose, which spares a division in binary64.
    const count = f32(Math.min(enter + 1, rows) - Math.max(enter + 1 - box, 0))
    if (enter < rows && leaving >= 0) {
      for (let x = 0; x < columns; x++) {
        const sum = f32(f32(sums[x]! + from[entering + x]!) - from[leaving + x]!)
        sums[x] = sum
        to[out + x] = sum / count
      }
      continue
    }
    for (let x = 0; x < columns; x++) {
      if (enter < rows) sums[x] = sums[x]! + from[entering + x]!
      if (leaving >= 0) sums[x] = sums[x]! - from[leaving + x]!
      if (out >= 0) to[out + x] = sums[x]! / count
    }
  }
}

/** Writes the columns that the grid picks, `side` of them; a narrow picture gives some more than once. */
function pickColumns(
  from: Float32Array,
  to: Float32Array,
  rows: number,
  columns: number,
  side: number,
): void {
  for (let column = 0; column < side; column++) {
    const x = Math.floor(((column + 0.5) * columns) / side)
    for (let row = 0; row < rows; row++) to[row * side + column] = from[row * columns + x]!
  }
}
