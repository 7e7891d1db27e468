import { createReadStream } from 'node:fs'
import { type FileHandle, open, truncate } from 'node:fs/promises'
import { type Rejection, rejectReasons } from '../../src/model/bank-file.ts'
import { unusableFile } from './sources.ts'

const header = 'line,reason,explanation\n'

/** A CSV file of every rejected line: its number, the reason, and what that means. */
export interface RejectsFile extends AsyncDisposable {
  append(rejections: readonly Rejection[]): Promise<void>
}

/**
 * Opens the file anew; or, for an import that goes on, keeps its first `kept` rows, those that the import has counted,
 * and writes behind them: a run that was killed may have written more. A file with fewer rows is kept as it is.
 */
export async function openRejectsFile(path: string, kept: number): Promise<RejectsFile> {
  const length = kept === 0 ? 0 : await lengthOfLines(path, kept + 1)
  const file = await open(path, length === 0 ? 'w' : 'a', 0o600).catch((error: unknown) => {
    throw unusableFile(path, error)
  })
  if (length === 0) await file.appendFile(header)
  else await truncate(path, length)
  return {
    async append(rejections) {
      const rows = rejections.map(({ line, reason }) => `${line},${reason},"${rejectReasons[reason]}"\n`)
      if (rows.length > 0) await file.appendFile(rows.join(''))
    },
    [Symbol.asyncDispose]: () => closeFile(file),
  }
}

async function closeFile(file: FileHandle): Promise<void> {
  await file.close()
}

/** Returns the bytes of the first `count` lines, all of them when there are fewer; 0 when there is no such file. */
async function lengthOfLines(path: string, count: number): Promise<number> {
  let [lines, length] = [0, 0]
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      for (let feed = chunk.indexOf(10); feed >= 0; feed = chunk.indexOf(10, feed + 1)) {
        lines += 1
        if (lines === count) return length + feed + 1
      }
      length += chunk.length
    }
    return length
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}
