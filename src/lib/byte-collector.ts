/** The first piece of memory that is taken; it doubles as bytes arrive. */
const firstBytes = 64 * 1024
const nothing = Buffer.alloc(0)

/** Collects bytes that arrive in pieces of any size in one buffer: a million pieces of one byte take a megabyte. */
export class ByteCollector {
  #buffer = nothing
  #length = 0

  /** How many bytes are held. */
  get length(): number {
    return this.#length
  }

  /** Takes memory for so many bytes in all, where they are known to come: what grows leaves its smaller copies to be collected. */
  reserve(bytes: number): void {
    if (bytes <= this.#buffer.length) return
    // What is not written to yet is shown to nobody.
    const larger = Buffer.allocUnsafeSlow(bytes)
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }

  /** Copies the bytes behind those that are held. */
  append(piece: Uint8Array): void {
    const needed = this.#length + piece.length
    if (needed > this.#buffer.length) this.reserve(Math.max(needed, this.#buffer.length * 2, firstBytes))
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
    this.#buffer = nothing
    this.#length = 0
    return bytes
  }
}
