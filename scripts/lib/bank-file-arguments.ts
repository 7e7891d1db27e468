import { extname } from 'node:path'
import { type BankFileFormat, bankFileFormats } from '../../src/model/bank-file.ts'
import { type HashType, hashTypes } from '../../src/model/hash.ts'
import { type Arguments, UsageError, wordOption } from './arguments.ts'
import type { Option } from './command.ts'

/** What stands for standard input or output in place of a file's name. */
export const standardStream = '-'

/** The options that say how a file of known content is written. */
export const bankFileOptions: { readonly format: Option; readonly type: Option } = {
  format: {
    type: 'string',
    value: 'FORMAT',
    help: bankFileFormats.join(', '),
    defaultText: 'by the file’s name: .csv, .jsonl or .ndjson, .txt',
  },
  type: { type: 'string', value: 'TYPE', help: `with lines, what every hash is: ${hashTypes.join(', ')}` },
}

/** What help says of the three formats. */
export const bankFileNote: string =
  'csv has a header row with the columns pdq, md5, sha1, sha256, quality, label, note, source_id, in any order, of which\n' +
  'one hash is needed; jsonl has an object a line with the same keys; lines has one hash a line. A row is one content.'

const formatsByExtension: Readonly<Record<string, BankFileFormat>> = {
  '.csv': 'csv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.txt': 'lines',
}

/** Returns the format and the type that the options and the file's name say. @throws {UsageError} */
export function parseBankFileArguments(
  args: Arguments,
  file: string,
): { readonly format: BankFileFormat; readonly type: HashType | undefined } {
  const format =
    wordOption(args, 'format', bankFileFormats) ?? formatsByExtension[extname(file).toLowerCase()]
  const type = wordOption(args, 'type', hashTypes)
  if (format === undefined) {
    throw new UsageError(
      `Expected --format, one of ${bankFileFormats.join(', ')}, since ${JSON.stringify(file)} does not end in .csv, .jsonl or .txt`,
    )
  }
  if (type !== undefined && format !== 'lines')
    throw new UsageError(`Expected --type only with lines but received it with ${format}`)
  return { format, type }
}
