/*
 * Files of known content: what others hand over, and what a bank is handed on as.
 *
 * Owns: the three formats (CSV, JSON lines, one hash per line), reading them as streams in bounded memory, writing them,
 * and the place of an import that was cut short. Leaves to others: how hashes are kept (store/), where the bytes come from
 * and go to, and what a person sees of it.
 * Invariants: a bad line costs that line alone, and no text of it leaves this folder; the place of an import commits with
 * the contents that it stands for; what is written is read back the same, and a file in the written form is written again
 * byte for byte.
 *
 * import-file.ts   the import and its batches; import-place.ts where it stands; file-digest.ts proves the file the same
 * export-bank.ts   the export
 * read-lines.ts    bytes to lines, bounded
 * csv-record.ts    one CSV record, both ways; csv-reader.ts finds the records in lines
 * json-lines.ts, hash-lines.ts   the other formats (line-reader.ts); parse-content.ts what every row must hold
 */
import type { BankFileFormat, RejectReason } from '../model/bank-file.ts'
import type { HashType } from '../model/hash.ts'
import type { NewContent } from '../store/bank-contents.ts'
import { createCsvReader } from './csv-reader.ts'
import { createHashLineReader } from './hash-lines.ts'
import { createJsonLineReader } from './json-lines.ts'
import type { FileLine } from './read-lines.ts'

/** What one row came to; `leftOut` says that its PDQ hash was left out for its quality. */
export type RowResult =
  | { readonly kind: 'content'; readonly content: NewContent; readonly isPdqLeftOut: boolean }
  | { readonly kind: 'rejected'; readonly reason: RejectReason }

/** A row of a file with its place: from line `first` to line `last`, up to byte `end`. */
export type FileRow = {
  readonly first: number
  readonly last: number
  readonly end: number
  readonly result: RowResult
}

/** Finds the rows in the lines of one format; lines are handed in once, in order. */
export interface RowReader {
  /** Columns of the header row that are not known and so left out, counted from 1; empty where there is no header. */
  readonly ignoredColumns: readonly number[]
  /** Returns the rows that end in these lines. @throws {UnusableBankFileError} when the file as a whole is no such file. */
  push(lines: readonly FileLine[]): FileRow[]
  /** Returns the rows that the file's end cuts off. @throws {UnusableBankFileError} */
  end(): FileRow[]
}

/** How rows are to be read. */
export type RowOptions = {
  /** The bank's: a PDQ hash below it says too little. */
  readonly minQuality: number
  /** Of every line of a `lines` file; undefined tells it by the number of digits. */
  readonly type: HashType | undefined
}

/** Makes the reader of each format. */
export const rowReaders: Readonly<Record<BankFileFormat, (options: RowOptions) => RowReader>> = {
  csv: createCsvReader,
  jsonl: createJsonLineReader,
  lines: createHashLineReader,
}
