import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import type { ImportSource } from '../../src/tools.ts'
import { standardStream } from './bank-file-arguments.ts'
import { UnusableFileError, unusableFile } from './sources.ts'

/** What is imported, with its bytes where they can be counted beforehand. */
export type ImportInput = ImportSource & { readonly size: number | undefined }

/** Large pieces: each is a turn of the loop. */
const highWaterMark = 256 * 1024

/** Returns a file, a pipe or standard input as what is imported; only a file can be gone on with. @throws {UnusableFileError} */
export async function openImportInput(file: string): Promise<ImportInput> {
  if (file === standardStream) return { path: undefined, size: undefined, read: () => process.stdin }
  try {
    const found = await stat(file)
    if (found.isDirectory())
      throw new UnusableFileError(file, 'unreadable', 'it is a folder; name the file in it')
    const isRegular = found.isFile()
    return {
      path: isRegular ? await realpath(file) : undefined,
      size: isRegular ? found.size : undefined,
      read: (offset, end) =>
        read(file, isRegular ? { start: offset, ...(end === undefined ? {} : { end: end - 1 }) } : {}),
    }
  } catch (error) {
    throw error instanceof UnusableFileError ? error : unusableFile(file, error)
  }
}

async function* read(file: string, range: { start?: number; end?: number }): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file, { ...range, highWaterMark }) as AsyncIterable<Uint8Array>
  } catch (error) {
    throw unusableFile(file, error)
  }
}
