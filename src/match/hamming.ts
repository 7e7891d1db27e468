/** How many 32-bit words a 256-bit hash has. */
export const wordsPerHash = 8

/** Writes a hash of 64 hex digits as eight 32-bit words at an offset, most significant word first. */
export function writeWords(hex: string, words: Uint32Array, offset: number): void {
  for (let i = 0; i < wordsPerHash; i++) words[offset + i] = Number.parseInt(hex.slice(i * 8, i * 8 + 8), 16)
}

/** Returns the Hamming distance of two 256-bit hashes given as words at offsets: 0 to 256 bits. */
export function hammingDistance(a: Uint32Array, aOffset: number, b: Uint32Array, bOffset: number): number {
  let bits = 0
  for (let i = 0; i < wordsPerHash; i++)
    bits += popCount((a[aOffset + i] as number) ^ (b[bOffset + i] as number))
  return bits
}

/** Counts the set bits of a 32-bit word (Warren, Hacker's Delight, figure 5-2). */
function popCount(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
