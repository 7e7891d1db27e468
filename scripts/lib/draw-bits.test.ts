import { describe, expect, it } from 'vitest'
import { bitsOf, drawBits } from './draw-bits.ts'

describe('a drawing of a hash', () => {
  it('has bit 0, the lowest frequency, from the last digit at the top left, and bit 255 at the bottom right', () => {
    const hex = `8${'0'.repeat(62)}1`
    expect(bitsOf(hex)).toEqual([0, 255])
    const lines = drawBits(hex)
    expect(lines).toHaveLength(8)
    expect(lines[0]).toBe(`▀${'·'.repeat(15)}`)
    expect(lines[7]).toBe(`${'·'.repeat(15)}▄`)
  })

  it('has two rows of 16 bits in each line', () => {
    expect(bitsOf('6')).toEqual([1, 2])
    // Bits 0 and 16 are one above the other.
    expect(drawBits('10001'.padStart(64, '0'))[0]).toBe(`█${'·'.repeat(15)}`)
    expect(drawBits('f'.repeat(64))).toEqual(Array(8).fill('█'.repeat(16)))
  })
})
