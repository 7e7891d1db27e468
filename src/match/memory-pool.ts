import { createSharedMemory, type SharedMemory } from './hamming-kernel.ts'

/** A memory that is this much larger than what is needed is kept for somebody who needs it. */
const maxExcess = 4
/** Below this a memory is small, however much larger than needed, in bytes. */
const smallBytes = 2 ** 24
/** How many memories wait at most; further ones are left to the garbage collector. */
const maxWaiting = 6

/**
 * Memories that are used in turn: the collector takes its time with shared ones, and each rebuild would leave another behind.
 */
export class MemoryPool {
  readonly #waiting: SharedMemory[] = []

  /** Returns a memory of at least so many bytes, or one that is to be grown to that. Its bytes are anything. */
  take(bytes: number): SharedMemory {
    const fitting = this.#waiting
      .filter(({ buffer }) => buffer.byteLength * maxExcess >= bytes)
      .filter(({ buffer }) => buffer.byteLength <= Math.max(smallBytes, bytes * maxExcess))
      .sort((a, b) => a.buffer.byteLength - b.buffer.byteLength)
    const found = fitting.find(({ buffer }) => buffer.byteLength >= bytes) ?? fitting.at(-1)
    if (!found) return createSharedMemory(bytes)
    this.#waiting.splice(this.#waiting.indexOf(found), 1)
    return found
  }

  /** Takes a memory back that nobody uses any more. */
  give(memory: SharedMemory): void {
    if (this.#waiting.length < maxWaiting) this.#waiting.push(memory)
  }
}
