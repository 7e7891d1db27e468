import { AppError } from '../lib/errors.ts'
import type { Bank } from '../model/bank.ts'
import type { BankFileFormat, ImportCounts, ImportPlace, Rejection } from '../model/bank-file.ts'
import type { HashType } from '../model/hash.ts'
import type { Database, Stores } from '../store/database.ts'
import { type FileRow, type RowReader, rowReaders } from './bank-file.ts'
import { createFileDigest } from './file-digest.ts'
import { findPlace, placeBehind, startPlace } from './import-place.ts'
import { isBlankLine, readLines } from './read-lines.ts'

/**
 * Rows that commit together. Hashes fall on every page of their index, so few large transactions write far less than many
 * small ones: half of the time with this many than with 5,000. They hold the write lock for half a second.
 */
const batchRows = 40_000

/** The bank was removed while a file was imported into it. */
class BankGoneError extends AppError {
  override readonly name = 'BankGoneError'
  constructor(bank: string) {
    super('not-found', `Expected bank ${bank} to last until the import ends but it was removed`)
  }
}

/** Where the bytes of an import come from. */
export type ImportSource = {
  /** Under which the place is remembered, the file's full path; undefined when the bytes can be read once only. */
  readonly path: string | undefined
  /** Returns the bytes from `offset` on, up to `end` (exclusive) where that is given. */
  read(offset: number, end?: number): AsyncIterable<Uint8Array>
}

/** What an import needs. */
export type ImportDeps = {
  readonly database: Pick<Database, 'transaction' | 'imports' | 'prepareForBulk'>
  /** Writes an audit row about a bank, in the transaction whose stores it is given. */
  readonly audit: (
    stores: Stores,
    action: string,
    bank: string,
    details: Record<string, unknown>,
  ) => Promise<void>
  readonly now: () => Date
}

/** How a file is imported. */
export type ImportOptions = {
  readonly format: BankFileFormat
  /** Of every hash of a `lines` file; undefined tells it by the number of digits. */
  readonly type?: HashType | undefined
  /** Begins at the first line, whatever an earlier import of the file left. */
  readonly isRestart?: boolean
  /** Hears where the import begins, then of every place that it reaches, once that is durable. */
  readonly onPlace?: (place: ImportPlace) => Promise<void> | void
  /** Hears of rejected lines, before they are durably done; a line can come again after a crash. */
  readonly onRejected?: (rejections: readonly Rejection[]) => Promise<void> | void
}

/** What the import of a file came to, over all its runs. */
export type ImportResult = ImportCounts & {
  readonly lines: number
  /** The line behind which this run began; 0 when it began with the first. */
  readonly resumedAfter: number
  /** Columns of a CSV header that are not known and were left out, counted from 1. */
  readonly ignoredColumns: readonly number[]
}

/**
 * Imports a file of known content into a bank, or goes on where an earlier run stopped; rejected rows cost themselves
 * alone. Rejects with the signal's reason once that is aborted. What was committed stays, with its place, whatever ends
 * the run. @throws ImportFileChangedError, UnusableBankFileError, BankGoneError, ImportTakenError
 */
export async function importFile(
  deps: ImportDeps,
  bank: Bank,
  source: ImportSource,
  options: ImportOptions,
  signal: AbortSignal,
): Promise<ImportResult> {
  const { imports } = deps.database
  await using _ = await deps.database.prepareForBulk()
  const digest = createFileDigest()
  const reader = rowReaders[options.format]({ minQuality: bank.minQuality, type: options.type })
  const resumed = options.isRestart
    ? undefined
    : await findPlace(imports, bank, source, options.format, digest)
  if (resumed && options.format === 'csv') await readHeader(reader, source)
  let place = resumed ?? startPlace(options.format, digest)
  await begin(deps, bank, source, place, resumed)
  await options.onPlace?.(place)

  let { line } = place
  let rows: FileRow[] = []
  const commit = async (isAllRead: boolean): Promise<void> => {
    const batch = rows.splice(0, batchRows)
    await options.onRejected?.(rejectionsOf(batch))
    const behind = placeBehind(place, batch, digest, isAllRead && rows.length === 0 ? { line } : undefined)
    place = await commitBatch(deps, bank, source, batch, place, behind)
    await options.onPlace?.(place)
  }
  const stop = async (): Promise<void> => {
    const details = { lines: place.line, ...place.counts }
    await deps.database.transaction((stores) => deps.audit(stores, 'bank.import-stopped', bank.name, details))
    signal.throwIfAborted()
  }
  for await (const lines of readLines(digest.follow(source.read(place.offset)), place)) {
    line = lines.at(-1)?.number ?? line
    rows = rows.concat(reader.push(lines))
    while (rows.length >= batchRows) await commit(false)
    if (signal.aborted) await stop()
  }
  rows = rows.concat(reader.end())
  while (rows.length > 0) await commit(true)
  await deps.database.transaction(async (stores) => {
    if (source.path !== undefined) await stores.imports.finish(bank.id, source.path, place)
    await deps.audit(stores, 'bank.import-finished', bank.name, { lines: line, ...place.counts })
  })
  return {
    ...place.counts,
    lines: line,
    resumedAfter: resumed?.line ?? 0,
    ignoredColumns: reader.ignoredColumns,
  }
}

/** Lets the reader see the first row again, which says what the columns are. */
async function readHeader(reader: RowReader, source: ImportSource): Promise<void> {
  for await (const lines of readLines(source.read(0), { offset: 0, line: 0 })) {
    const header = lines.find((line) => !isBlankLine(line))
    if (!header) continue
    reader.push([header])
    return
  }
}

async function begin(
  { database, audit }: ImportDeps,
  bank: Bank,
  { path }: ImportSource,
  place: ImportPlace,
  resumed: ImportPlace | undefined,
): Promise<void> {
  await database.transaction(async (stores) => {
    if (path !== undefined) await stores.imports.save(bank.id, path, place, resumed)
    await audit(stores, 'bank.import-started', bank.name, { format: place.format, afterLine: place.line })
  })
}

function rejectionsOf(rows: readonly FileRow[]): Rejection[] {
  return rows.flatMap(({ first, result }) =>
    result.kind === 'rejected' ? [{ line: first, reason: result.reason }] : [],
  )
}

async function commitBatch(
  { database, now }: ImportDeps,
  bank: Bank,
  { path }: ImportSource,
  rows: readonly FileRow[],
  from: ImportPlace,
  behind: ImportPlace,
): Promise<ImportPlace> {
  const contents = rows.flatMap(({ result }) => (result.kind === 'content' ? [result.content] : []))
  return await database.transaction(async (stores) => {
    if ((await stores.banks.find(bank.name))?.id !== bank.id) throw new BankGoneError(bank.name)
    const added = await stores.banks.addContents(bank.id, contents, now().toISOString())
    const counts = {
      ...behind.counts,
      added: behind.counts.added + added,
      duplicates: behind.counts.duplicates + contents.length - added,
    }
    const place = { ...behind, counts }
    if (path !== undefined) await stores.imports.save(bank.id, path, place, from)
    return place
  })
}
