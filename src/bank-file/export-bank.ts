import type { Bank, BankContent } from '../model/bank.ts'
import type { BankFileFormat } from '../model/bank-file.ts'
import type { HashType } from '../model/hash.ts'
import type { BankStore } from '../store/bank-store.ts'
import { formatCsvRecord } from './csv-record.ts'
import { type Column, columns } from './parse-content.ts'
import { UnusableBankFileError } from './unusable-file.ts'

/** How a bank is written. */
export type ExportOptions = {
  readonly format: BankFileFormat
  /** In a `lines` file only the hashes of this type; undefined for all. */
  readonly type?: HashType | undefined
}

/** A piece of the file, with the contents of the bank that it covers. */
export type ExportPage = {
  readonly text: string
  /** Contents that were read for it. */
  readonly contents: number
  /** Those of them that have no hash of the type that is written. */
  readonly leftOut: number
}

/** Contents that are read at once. */
const pageContents = 5_000

/**
 * Yields the file that a bank is written as, piece by piece, in the order of its contents: the same bytes for the same
 * contents, and what `importFile` reads back into an equal bank. A `lines` file has the hashes alone, without qualities
 * and texts. @throws UnusableBankFileError when a `lines` file would mix PDQ and SHA-256, which look alike.
 */
export async function* exportBank(
  banks: Pick<BankStore, 'contents' | 'typesHeld'>,
  bank: Bank,
  { format, type }: ExportOptions,
): AsyncGenerator<ExportPage, void, undefined> {
  if (format === 'lines' && type === undefined) {
    const held = await banks.typesHeld(bank.id)
    if (held.includes('pdq') && held.includes('sha256')) {
      throw new UnusableBankFileError(
        `Expected to be told which hashes of bank ${bank.name} to write, for it holds PDQ and SHA-256, which look alike; add --type`,
      )
    }
  }
  if (format === 'csv') yield { text: formatCsvRecord(columns), contents: 0, leftOut: 0 }
  let afterId = 0
  for (;;) {
    const contents = await banks.contents(bank.id, afterId, pageContents)
    const last = contents.at(-1)
    if (!last) return
    afterId = last.id
    const rows = contents.map((content) => formats[format](content, type))
    const leftOut = rows.filter((row) => row === '').length
    yield { text: rows.join(''), contents: contents.length, leftOut }
  }
}

/** Writes the row, or rows, of one content with their line feeds. */
const formats: Readonly<
  Record<BankFileFormat, (content: BankContent, type: HashType | undefined) => string>
> = {
  csv(content) {
    const values = valuesOf(content)
    return formatCsvRecord(columns.map((column) => String(values[column] ?? '')))
  },
  jsonl: (content) => `${JSON.stringify(valuesOf(content))}\n`,
  lines(content, type) {
    const wanted = content.hashes.filter((hash) => type === undefined || hash.type === type)
    return wanted.map((hash) => `${hash.value}\n`).join('')
  },
}

/** The values that a content has, in the order of the columns. */
function valuesOf({ hashes, label, note, sourceId }: BankContent): Partial<Record<Column, string | number>> {
  const valueOf = Object.fromEntries(hashes.map((hash) => [hash.type, hash.value]))
  const pdq = hashes.find((hash) => hash.type === 'pdq')
  const all = { ...valueOf, quality: pdq?.quality, label, note, source_id: sourceId }
  return Object.fromEntries(
    columns
      .map((column) => [column, all[column as keyof typeof all]])
      .filter(([, value]) => (value ?? '') !== ''),
  ) as Partial<Record<Column, string | number>>
}
