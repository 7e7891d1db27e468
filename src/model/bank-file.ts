/** The forms of a file of known content. */
export const bankFileFormats = ['csv', 'jsonl', 'lines'] as const

/** One member of `bankFileFormats`. */
export type BankFileFormat = (typeof bankFileFormats)[number]

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
