import { createHash } from 'node:crypto'
import { maxLineBytes } from './read-lines.ts'

/** More bytes than the lines have that are read and belong to no row yet: an open row and the line behind it. */
const maxOpenBytes = 8 * maxLineBytes

/** Follows the SHA-256 of a stream of bytes, and tells it at the places where rows end. */
export interface FileDigest {
  /** How many bytes were handed on. */
  readonly length: number
  /**
   * Hands the chunks on. When the next one is asked for, every row must have been taken up that ends in those before: what
   * lies behind the open rows is then hashed and forgotten, however long the file goes on without a row.
   */
  follow(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined>
  /** Returns the digest of the first `offset` bytes, lower-case hex. @throws RangeError for a place that was forgotten. */
  at(offset: number): string
}

/** Returns a digest that has read nothing. */
export function createFileDigest(): FileDigest {
  const hash = createHash('sha256')
  let ahead: Uint8Array[] = []
  let [hashed, length] = [0, 0]

  const hashTo = (offset: number): void => {
    let used = 0
    for (const chunk of ahead) {
      if (hashed >= offset) break
      const part = chunk.subarray(0, offset - hashed)
      hash.update(part)
      hashed += part.length
      if (part.length === chunk.length) used += 1
      else ahead[used] = chunk.subarray(part.length)
    }
    ahead = ahead.slice(used)
  }

  return {
    get length() {
      return length
    },
    async *follow(chunks) {
      for await (const chunk of chunks) {
        ahead.push(chunk)
        length += chunk.length
        yield chunk
        hashTo(length - maxOpenBytes)
      }
    },
    at(offset) {
      if (offset < hashed || offset > length)
        throw new RangeError(`Expected a place from ${hashed} to ${length} but received ${offset}`)
      hashTo(offset)
      return hash.copy().digest('hex')
    },
  }
}
