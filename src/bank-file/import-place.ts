import { AppError } from '../lib/errors.ts'
import type { Bank } from '../model/bank.ts'
import type { BankFileFormat, ImportPlace } from '../model/bank-file.ts'
import type { Database } from '../store/database.ts'
import type { FileRow } from './bank-file.ts'
import type { FileDigest } from './file-digest.ts'
import type { ImportSource } from './import-file.ts'

/** The file is not the one that its unfinished import began with. */
class ImportFileChangedError extends AppError {
  override readonly name = 'ImportFileChangedError'
  constructor(line: number, received: string) {
    super(
      'conflict',
      `Expected the file as it was when its import stopped behind line ${line} but received ${received}; ` +
        'add --restart to import it from its first line, which leaves out what the bank holds already',
    )
  }
}

/** Returns the place before the first line. */
export function startPlace(format: BankFileFormat, digest: FileDigest): ImportPlace {
  const counts = { added: 0, duplicates: 0, rejected: 0, leftOut: 0 }
  return { format, offset: 0, line: 0, digest: digest.at(0), counts }
}

/**
 * Returns the place at which an earlier import of the file stopped, with the digest read up to it; undefined when there
 * is none. @throws ImportFileChangedError when the bytes before it are others, or are read as another format.
 */
export async function findPlace(
  imports: Database['imports'],
  bank: Bank,
  source: ImportSource,
  format: BankFileFormat,
  digest: FileDigest,
): Promise<ImportPlace | undefined> {
  const place = source.path === undefined ? undefined : await imports.load(bank.id, source.path)
  if (place === undefined || place.offset === 0) return undefined
  if (place.format !== format)
    throw new ImportFileChangedError(place.line, `${format} instead of ${place.format}`)
  await Array.fromAsync(digest.follow(source.read(0, place.offset)), () => undefined)
  if (digest.length < place.offset) throw new ImportFileChangedError(place.line, 'a shorter one')
  if (digest.at(place.offset) !== place.digest) throw new ImportFileChangedError(place.line, 'another one')
  return place
}

/**
 * Returns the place behind the rows, before what they add is known; with the last of them, the place behind the whole
 * file, of which `line` is the last line.
 */
export function placeBehind(
  place: ImportPlace,
  rows: readonly FileRow[],
  digest: FileDigest,
  whole: { readonly line: number } | undefined,
): ImportPlace {
  const last = rows.at(-1)
  const end = whole
    ? { offset: digest.length, line: whole.line }
    : { offset: last?.end ?? 0, line: last?.last ?? 0 }
  let { rejected, leftOut } = place.counts
  for (const { result } of rows) {
    if (result.kind === 'rejected') rejected += 1
    else if (result.isPdqLeftOut) leftOut += 1
  }
  return { ...place, ...end, counts: { ...place.counts, rejected, leftOut }, digest: digest.at(end.offset) }
}
