import { isUtf8 } from 'node:buffer'

/** One line of a file, without its line feed, with the carriage return that may stand before that. */
export type FileLine = {
  /** Counted from 1. */
  readonly number: number
  /** Bytes of the file up to and with its line feed. */
  readonly end: number
} & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unreadable'; readonly reason: 'too-long' | 'not-utf8' }
)

/** The longest line, in bytes; a row with every text at its longest, in escapes, is half of it. */
export const maxLineBytes = 16_384

/**
 * Yields the lines of a file that begins, or goes on, at a place, as they come in: all that are whole after each chunk.
 * Holds a chunk and one line at most; of a line that is too long nothing is kept. A byte order mark is left out.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  from: { readonly offset: number; readonly line: number },
): AsyncGenerator<FileLine[], void, undefined> {
  let { offset, line: number } = from
  let rest: Buffer = Buffer.alloc(0)
  let isTooLong = false

  const lineOf = (bytes: Buffer, feed: 0 | 1, isKnownText: boolean): FileLine => {
    number += 1
    offset += bytes.length + feed
    const place = { number, end: offset }
    if (isTooLong || bytes.length > maxLineBytes) {
      isTooLong = false
      return { ...place, kind: 'unreadable', reason: 'too-long' }
    }
    if (!isKnownText && !isUtf8(bytes)) return { ...place, kind: 'unreadable', reason: 'not-utf8' }
    const text = bytes.toString('utf8')
    return {
      ...place,
      kind: 'text',
      text: number === 1 && text.startsWith('\u{feff}') ? text.slice(1) : text,
    }
  }

  for await (const chunk of chunks) {
    const view = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const bytes = rest.length === 0 ? view : Buffer.concat([rest, view])
    const whole = bytes.lastIndexOf(10) + 1
    const isKnownText = isUtf8(bytes.subarray(0, whole))
    const lines: FileLine[] = []
    for (let start = 0; start < whole; ) {
      const feed = bytes.indexOf(10, start)
      lines.push(lineOf(bytes.subarray(start, feed), 1, isKnownText))
      start = feed + 1
    }
    rest = bytes.subarray(whole)
    if (rest.length > maxLineBytes) {
      offset += rest.length
      rest = rest.subarray(0, 0)
      isTooLong = true
    }
    if (lines.length > 0) yield lines
  }
  if (rest.length > 0 || isTooLong) yield [lineOf(rest, 0, false)]
}

/** A line's text; none for a line that cannot be read. */
export function textOfLine(line: FileLine): string {
  return line.kind === 'text' ? line.text : ''
}

/** True for a line that holds nothing, which every format passes over. */
export function isBlankLine(line: FileLine): boolean {
  return line.kind === 'text' && line.text.trim() === ''
}
