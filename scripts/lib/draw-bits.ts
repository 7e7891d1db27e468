const side = 16

/**
 * Returns the numbers of the bits that are set in a hash of hex digits, rising. Of PDQ's 256, number 16 i + j is the frequency i
 * down and j across; 0 is the lowest, and the last digit has it.
 */
export function bitsOf(hex: string): number[] {
  const bits: number[] = []
  for (let place = 0; place < hex.length; place++) {
    const digit = Number.parseInt(hex.charAt(hex.length - 1 - place), 16)
    for (let bit = 0; bit < 4; bit++) if ((digit >> bit) & 1) bits.push(place * 4 + bit)
  }
  return bits
}

/** Returns a PDQ hash as a square of its 16 by 16 bits, two rows a line, the lowest frequency at the top left: 8 lines of 16. */
export function drawBits(hex: string): string[] {
  const set = new Set(bitsOf(hex))
  const lines: string[] = []
  for (let row = 0; row < side; row += 2) {
    let line = ''
    for (let column = 0; column < side; column++) {
      const upper = set.has(row * side + column)
      const lower = set.has((row + 1) * side + column)
      line += upper ? (lower ? '█' : '▀') : lower ? '▄' : '·'
    }
    lines.push(line)
  }
  return lines
}
