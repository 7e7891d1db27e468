/** One hash of the index that lies within the radius asked for. */
export type IndexHit = {
  readonly bankId: number
  readonly contentId: number
  /** Bits; 0 for a digest. */
  readonly distance: number
}

/**
 * The searchable form of the hashes of one type. Implementations differ in speed and memory, never in what they return.
 *
 * Changes are searched at once. What it takes to stay fast is done apart from that, by `tend`.
 */
export interface HashIndex extends AsyncDisposable {
  /** How many hashes it holds. */
  readonly size: number
  /** Makes room for so many hashes that are about to be added, before the first search. Safe to leave out. */
  reserve(count: number): void
  /** Adds a hash, most significant byte first, which is copied; the same hash may be there already, of other contents. */
  add(hash: Uint8Array, bankId: number, contentId: number): void
  /** Removes that content's hash; false when there is none. */
  remove(hash: Uint8Array, contentId: number): boolean
  /**
   * Returns every hash within `radius` bits (0 to 256), in no order, the same content as often as it has such hashes. The
   * thread is never held for more than some milliseconds, however much is found.
   */
  search(hash: Uint8Array, radius: number): Promise<IndexHit[]>
  /** Begins, in the background, what keeps searches fast; resolves when nothing is left to do. Rejects when that fails. */
  tend(): Promise<void>
}
