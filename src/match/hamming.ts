/** How many bits are set in each byte. */
const bitsOfByte = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length)

/** Returns the Hamming distance of two hashes of one length, in bits. */
export function hammingDistance(a: Uint8Array, b: Uint8Array): number {
  let bits = 0
  for (let i = 0; i < a.length; i++) bits += bitsOfByte[a[i]! ^ b[i]!]!
  return bits
}
