/** One hash of the index that lies within the radius asked for. */
export type IndexHit = {
  readonly bankId: number
  readonly contentId: number
  /** Bits; 0 for a digest. */
  readonly distance: number
}

/**
 * The searchable form of the hashes of one type. Implementations differ in speed and memory, never in what they return.
 */
export interface HashIndex {
  /** How many hashes it holds. */
  readonly size: number
  /**
   * Returns every hash within `radius` bits of the hash, in no order, the same content as often as it has such hashes.
   * `value` is lower-case hex of the index's hash type.
   */
  search(value: string, radius: number): IndexHit[]
}
