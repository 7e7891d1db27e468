import type { HashType } from '../model/hash.ts'

/** What each hash type is in the table, where its name would cost bytes in every row and index entry; never changed. */
export const hashTypeCodes: Readonly<Record<HashType, number>> = { pdq: 0, md5: 1, sha1: 2, sha256: 3 }

const typesByCode = new Map(
  Object.entries(hashTypeCodes).map(([type, code]) => [code, type as HashType] as const),
)

/** Returns the hash type of a row. @throws when the code is none, which means that a newer program wrote it. */
export function hashTypeOfCode(code: number): HashType {
  const type = typesByCode.get(code)
  if (type === undefined)
    throw new TypeError(`Expected a known hash type in bank_hashes but received ${code}`)
  return type
}
