import { type Turn, turns } from '../model/hash.ts'

/** The side of the transform. */
const side = 16

/** How a turn rearranges a transform: whether rows become columns, and which values change sign. */
type TurnRule = {
  readonly isTransposed: boolean
  readonly isNegated: (row: number, column: number) => boolean
}

const isEven = (index: number) => index % 2 === 0

/**
 * The reference's rules (`PDQ.md` section 11); row and column count before the exchange. Index 0 is frequency 1, an odd
 * one, so a mirror negates the even indices.
 */
const rules: Readonly<Record<Turn, TurnRule>> = {
  'rotate-90': { isTransposed: true, isNegated: (_, column) => isEven(column) },
  'rotate-180': { isTransposed: false, isNegated: (row, column) => !isEven(row + column) },
  'rotate-270': { isTransposed: true, isNegated: (row) => isEven(row) },
  'flip-x': { isTransposed: false, isNegated: (row) => isEven(row) },
  'flip-y': { isTransposed: false, isNegated: (_, column) => isEven(column) },
  'flip-plus-1': { isTransposed: true, isNegated: () => false },
  'flip-minus-1': { isTransposed: true, isNegated: (row, column) => !isEven(row + column) },
}

/** Returns the transform that the picture would have if it were turned, but for the rounding of the blur. */
export function turnDct(dct: Float32Array, turn: Turn): Float32Array {
  const { isTransposed, isNegated } = rules[turn]
  const turned = new Float32Array(side * side)
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const value = dct[row * side + column]!
      turned[isTransposed ? column * side + row : row * side + column] = isNegated(row, column)
        ? -value
        : value
    }
  }
  return turned
}

/** Returns something for every turn, such as its hash. */
export function forEachTurn<T>(make: (turn: Turn) => T): Readonly<Record<Turn, T>> {
  return Object.fromEntries(turns.map((turn) => [turn, make(turn)])) as Record<Turn, T>
}
