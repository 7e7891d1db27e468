import { hammingDistance } from './hamming.ts'
import type { HashIndex, IndexHit } from './hash-index.ts'

type Row = { readonly hash: Uint8Array; readonly bankId: number; readonly contentId: number }

/**
 * Returns an empty index that compares every hash with the needle, byte by byte: slow, obvious, and so the reference for any
 * other index of hashes of one length. It holds the thread while it searches.
 */
export function openLinearIndex(): HashIndex {
  let rows: Row[] = []
  return {
    get size() {
      return rows.length
    },
    reserve() {},
    add(hash, bankId, contentId) {
      rows.push({ hash: Uint8Array.from(hash), bankId, contentId })
    },
    remove(hash, contentId) {
      const at = rows.findIndex((row) => row.contentId === contentId && hammingDistance(row.hash, hash) === 0)
      if (at >= 0) rows = rows.toSpliced(at, 1)
      return at >= 0
    },
    async search(hash, radius) {
      const hits: IndexHit[] = []
      for (const { hash: other, bankId, contentId } of rows) {
        const distance = hammingDistance(hash, other)
        if (distance <= radius) hits.push({ bankId, contentId, distance })
      }
      return hits
    },
    async tend() {},
    async [Symbol.asyncDispose]() {},
  }
}
