/** The forms of a file of known content. */
export const bankFileFormats = ['csv', 'jsonl', 'lines'] as const

/** One member of `bankFileFormats`. */
export type BankFileFormat = (typeof bankFileFormats)[number]

/** Why a line of a file is not imported, each with a sentence for people. */
export const rejectReasons = {
  'too-long': 'it is longer than 16384 bytes',
  'not-utf8': 'it is not UTF-8 text',
  'bad-quoting': 'a quote stands where it may not: quote the whole field, and double the quotes in it',
  'unclosed-quote': 'a quote is opened here and not closed',
  'wrong-columns': 'it has more or fewer fields than the header row',
  'not-json': 'it is not JSON',
  'not-object': 'it is not a JSON object',
  'wrong-type': 'a value is of the wrong type: hashes and texts are strings, quality is a number',
  'no-hash': 'it has no hash: one of pdq, md5, sha1 and sha256 is needed',
  'bad-pdq': 'the PDQ hash is not 64 hex digits',
  'bad-md5': 'the MD5 hash is not 32 hex digits',
  'bad-sha1': 'the SHA-1 hash is not 40 hex digits',
  'bad-sha256': 'the SHA-256 hash is not 64 hex digits',
  'bad-hash': 'it is not a hash of 32, 40 or 64 hex digits',
  'bad-quality': 'the quality is not a whole number from 0 to 100',
  'low-quality': 'the quality is below the bank’s least quality, and there is no digest beside the PDQ hash',
  'bad-text': 'label, note or source_id has a NUL or a broken surrogate',
  'long-text': 'label or source_id is longer than 200 characters, or note than 500',
} as const

/** One key of `rejectReasons`. */
export type RejectReason = keyof typeof rejectReasons

/** A line that was not imported, counted from 1; of a row of several lines the first. */
export type Rejection = { readonly line: number; readonly reason: RejectReason }

/** What has become of the lines of a file that is imported. */
export type ImportCounts = {
  /** Contents that the bank did not hold. */
  readonly added: number
  /** Contents of which the bank held every hash. */
  readonly duplicates: number
  readonly rejected: number
  /** PDQ hashes that were left out for their quality, of contents that came in with their digests. */
  readonly leftOut: number
}

/** How far the import of a file has got; all of it is durable. */
export type ImportPlace = {
  readonly format: BankFileFormat
  /** Bytes of the file that are done. */
  readonly offset: number
  /** Lines of the file that are done. */
  readonly line: number
  /** SHA-256 of the bytes that are done, lower-case hex. */
  readonly digest: string
  readonly counts: ImportCounts
}
