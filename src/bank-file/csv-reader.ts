import { hashTypes } from '../model/hash.ts'
import type { FileRow, RowOptions, RowReader, RowResult } from './bank-file.ts'
import { splitCsvRecord } from './csv-record.ts'
import { type Column, columns, parseContent, type RowValues } from './parse-content.ts'
import { type FileLine, isBlankLine, maxLineBytes, textOfLine } from './read-lines.ts'
import { UnusableBankFileError } from './unusable-file.ts'

/** The most lines of one row: a note of nothing but line feeds has no more. */
const maxRowLines = 512

/** The columns of the header row; one that is not known is undefined. */
type Header = readonly (Column | undefined)[]

/**
 * Returns a reader of CSV with a header row (RFC 4180). A quoted field may go over several lines. Of a row that is
 * rejected only its first line is used up: when a quote is never closed, what follows may be rows of their own.
 */
export function createCsvReader(options: RowOptions): RowReader {
  let header: Header | undefined
  let waiting: FileLine[] = []

  const readRows = (lines: readonly FileLine[], isEnd: boolean): FileRow[] => {
    waiting = waiting.length === 0 ? [...lines] : waiting.concat(lines)
    const rows: FileRow[] = []
    let at = 0
    for (let line = waiting[0]; line; line = waiting[at]) {
      if (isBlankLine(line) || header === undefined) {
        if (!isBlankLine(line)) header = parseHeader(line)
        at += 1
        continue
      }
      const count = linesOfRow(waiting, at, isEnd)
      if (count === undefined) break
      const result = parseRow(line, waiting.slice(at + 1, at + count), header, options)
      at += result.kind === 'rejected' ? 1 : count
      const last = waiting[at - 1] ?? line
      rows.push({ first: line.number, last: last.number, end: last.end, result })
    }
    waiting = waiting.slice(at)
    return rows
  }

  return {
    get ignoredColumns() {
      return (header ?? []).flatMap((column, index) => (column === undefined ? [index + 1] : []))
    },
    push: (lines) => readRows(lines, false),
    end() {
      const rows = readRows([], true)
      if (header === undefined) throw new UnusableBankFileError(`Expected ${headerText} but received no row`)
      return rows
    },
  }
}

/** Returns how many lines the row that begins at `at` has: more than one while a quote is open; undefined when more are needed. */
function linesOfRow(lines: readonly FileLine[], at: number, isEnd: boolean): number | undefined {
  let isOpen = false
  let length = 0
  for (let count = 1; count <= maxRowLines; count++) {
    const line = lines[at + count - 1]
    if (!line) return isEnd ? 1 : undefined
    if (line.kind !== 'text') return 1
    length += line.text.length
    if (length > maxLineBytes) return 1
    if (hasOddQuotes(line.text)) isOpen = !isOpen
    if (!isOpen) return count
  }
  return 1
}

function hasOddQuotes(text: string): boolean {
  let isOdd = false
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) isOdd = !isOdd
  return isOdd
}

function parseRow(
  first: FileLine,
  more: readonly FileLine[],
  header: Header,
  options: RowOptions,
): RowResult {
  if (first.kind === 'unreadable') return { kind: 'rejected', reason: first.reason }
  const text = more.length === 0 ? first.text : [first, ...more].map(textOfLine).join('\n')
  const fields = splitCsvRecord(withoutReturn(text))
  if (typeof fields === 'string') return { kind: 'rejected', reason: fields }
  if (fields.length !== header.length) return { kind: 'rejected', reason: 'wrong-columns' }
  const values: RowValues = {}
  for (const [index, column] of header.entries()) {
    if (column !== undefined) values[column] = fields[index] ?? ''
  }
  return parseContent(values, options)
}

/** A line may end in a carriage return before its line feed. */
function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text
}

const headerText = `a header row with one of ${hashTypes.join(', ')} at least, separated by commas, in the first line`

/** Returns the columns; what an unknown one is called is not repeated, for a file without a header has hashes there. */
function parseHeader(line: FileLine): Header {
  const names = splitCsvRecord(withoutReturn(textOfLine(line)))
  if (line.kind !== 'text' || typeof names === 'string')
    throw new UnusableBankFileError(`Expected ${headerText} but received a line that is no CSV`)
  const known = names.map((name) => columns.find((column) => column === name.trim().toLowerCase()))
  const twice = known.find((column, index) => column !== undefined && known.indexOf(column) < index)
  if (twice !== undefined)
    throw new UnusableBankFileError(`Expected each column once in the header row but received ${twice} twice`)
  if (!hashTypes.some((type) => known.includes(type)))
    throw new UnusableBankFileError(`Expected ${headerText} but received none of them`)
  return known
}
