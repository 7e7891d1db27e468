import { type HashType, hashHexDigits } from '../model/hash.ts'
import type { RowOptions, RowReader } from './bank-file.ts'
import { createLineReader } from './line-reader.ts'
import { parseContent } from './parse-content.ts'
import { UnusableBankFileError } from './unusable-file.ts'

/** Returns a reader of files with one hash per line, each a content of its own. */
export function createHashLineReader(options: RowOptions): RowReader {
  return createLineReader((text, line) => {
    const type = options.type ?? typeByLength(text, line)
    return type === undefined
      ? { kind: 'rejected', reason: 'bad-hash' }
      : parseContent({ [type]: text }, options)
  })
}

function typeByLength(text: string, line: number): HashType | undefined {
  if (!/^[0-9a-fA-F]+$/.test(text)) return undefined
  if (text.length === hashHexDigits.pdq) {
    throw new UnusableBankFileError(
      `Expected to be told what the hashes of 64 digits are, for they can be PDQ or SHA-256, but received the first in line ${line} untold; add --type pdq or --type sha256`,
    )
  }
  return (['md5', 'sha1'] as const).find((type) => text.length === hashHexDigits[type])
}
