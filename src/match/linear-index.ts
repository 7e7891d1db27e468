import type { BankHash } from '../model/bank.ts'
import { hammingDistance, wordsPerHash, writeWords } from './hamming.ts'
import type { HashIndex, IndexHit } from './hash-index.ts'

/**
 * Returns an index that compares every hash with the needle: slow, obvious, and so the reference for any other index of
 * 256-bit hashes. It copies the hashes.
 */
export function buildLinearIndex(hashes: readonly BankHash[]): HashIndex {
  const words = new Uint32Array(hashes.length * wordsPerHash)
  const owners = hashes.map(({ bankId, contentId }) => ({ bankId, contentId }))
  for (const [i, hash] of hashes.entries()) writeWords(hash.value, words, i * wordsPerHash)

  return {
    size: hashes.length,
    search(value, radius) {
      const needle = new Uint32Array(wordsPerHash)
      writeWords(value, needle, 0)
      const hits: IndexHit[] = []
      for (const [i, owner] of owners.entries()) {
        const distance = hammingDistance(needle, 0, words, i * wordsPerHash)
        if (distance <= radius) hits.push({ ...owner, distance })
      }
      return hits
    },
  }
}
