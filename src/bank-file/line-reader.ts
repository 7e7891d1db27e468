import type { FileRow, RowReader, RowResult } from './bank-file.ts'
import { type FileLine, isBlankLine } from './read-lines.ts'

/** Returns a reader of a format in which every line that is not blank is a row. */
export function createLineReader(parse: (text: string, line: number) => RowResult): RowReader {
  const rowOf = (line: FileLine): FileRow => ({
    first: line.number,
    last: line.number,
    end: line.end,
    result:
      line.kind === 'text' ? parse(line.text.trim(), line.number) : { kind: 'rejected', reason: line.reason },
  })
  return {
    ignoredColumns: [],
    push: (lines) => lines.filter((line) => !isBlankLine(line)).map(rowOf),
    end: () => [],
  }
}
