/** The first piece of memory that is taken; it doubles as bytes arrive. */
const firstBytes = 64 * 1024

/** Collects bytes that arrive in pieces of any size in one buffer: a million pieces of one byte take a megabyte. */
export class ByteCollector {
  #buffer = Buffer.alloc(0)
  #length = 0

  /** How many bytes are held. */
  get length(): number {
    return this.#length
  }

  /** Copies the bytes behind those that are held. */
  append(piece: Uint8Array): void {
    const needed = this.#length + piece.length
    if (needed > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(needed, this.#buffer.length * 2, firstBytes))
      larger.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = larger
    }
    this.#buffer.set(piece, this.#length)
    this.#length = needed
  }

  /** Returns what is held, without a copy: it is good until the next `append`. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Returns what is held and holds nothing any more; the bytes are the caller's. */
  take(): Buffer {
    const { bytes } = this
    this.#buffer = Buffer.alloc(0)
    this.#length = 0
    return bytes
  }
}
