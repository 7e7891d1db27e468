import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rowReaders } from '../../src/bank-file/bank-file.ts'
import type { ImportSource } from '../../src/bank-file/import-file.ts'
import { readLines } from '../../src/bank-file/read-lines.ts'
import { parseConfig } from '../../src/config/config.ts'
import { openTools } from '../../src/tools.ts'
import type { Bench, BenchResult } from '../bench-result.ts'

const goalSeconds = 20

/** A file of a million hashes into a bank, and out of it again. */
export const bench: Bench = {
  name: 'import',
  summary: 'Seconds to import a CSV file of a million PDQ hashes into SQLite on disk, and to export it again',
  async run({ isQuick }) {
    const hashes = isQuick ? 100_000 : 1_000_000
    await using stack = new AsyncDisposableStack()
    const folder = stack.adopt(await mkdtemp(join(tmpdir(), 'harrier-bench-')), (path) =>
      rm(path, { recursive: true, force: true }),
    )
    const path = join(folder, 'list.csv')
    await writeList(path, hashes)
    const source: ImportSource = {
      path,
      read: (start, end) =>
        createReadStream(path, {
          start,
          highWaterMark: 256 * 1024,
          ...(end === undefined ? {} : { end: end - 1 }),
        }),
    }
    const parseSeconds = await secondsOf(() => parseAlone(source))
    const { config, secrets } = parseConfig({ HARRIER_DATA_DIR: join(folder, 'data') })
    const tools = stack.use(await openTools(config, secrets))
    const bank = await tools.banks.create({
      name: 'bench',
      threshold: 31,
      minQuality: 50,
      profile: 'unknown',
    })
    const never = new AbortController().signal
    let added = 0
    let memoryBytes = 0
    const importSeconds = await secondsOf(async () => {
      const onPlace = (): void => {
        memoryBytes = Math.max(memoryBytes, process.memoryUsage.rss())
      }
      added = (await tools.banks.import(bank, source, { format: 'csv', onPlace }, never)).added
    })
    let written = 0
    const exportSeconds = await secondsOf(async () => {
      for await (const { text } of tools.banks.export(bank, { format: 'csv' })) written += text.length
    })
    const { size } = await stat(path)
    const stored = (await stat(join(folder, 'data', 'harrier.db'))).size
    return report({
      hashes,
      added,
      parseSeconds,
      importSeconds,
      exportSeconds,
      memoryBytes,
      stored,
      size,
      written,
    })
  },
}

type Measured = {
  readonly hashes: number
  readonly added: number
  readonly parseSeconds: number
  readonly importSeconds: number
  readonly exportSeconds: number
  readonly memoryBytes: number
  /** Bytes of the database, of the file, and of what was exported. */
  readonly stored: number
  readonly size: number
  readonly written: number
}

function report(measured: Measured): readonly BenchResult[] {
  const { hashes, added, parseSeconds, importSeconds, exportSeconds, memoryBytes, stored, size, written } =
    measured
  const allowed = (goalSeconds * hashes) / 1_000_000
  return [
    { name: 'hashes imported', value: added, unit: 'hashes', goal: String(hashes), met: added === hashes },
    {
      name: 'import',
      value: importSeconds,
      unit: 's',
      goal: `under ${allowed}`,
      met: importSeconds < allowed,
    },
    { name: 'import', value: Math.round(hashes / importSeconds), unit: 'hashes/s' },
    { name: 'reading and parsing alone', value: parseSeconds, unit: 's' },
    { name: 'memory at its highest', value: Math.round(memoryBytes / 1e6), unit: 'MB' },
    { name: 'database (contents too)', value: stored / hashes, unit: 'bytes/hash' },
    { name: 'export', value: exportSeconds, unit: 's' },
    { name: 'exported bytes', value: written, unit: 'bytes', goal: String(size), met: written === size },
  ]
}

async function writeList(path: string, hashes: number): Promise<void> {
  const file = createWriteStream(path)
  file.write('pdq,md5,sha1,sha256,quality,label,note,source_id\n')
  for (let n = 0; n < hashes; n++) {
    const row = `${randomBytes(32).toString('hex')},,,,${50 + (n % 51)},,,entry-${n}\n`
    if (!file.write(row)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}

async function parseAlone(source: ImportSource): Promise<void> {
  const reader = rowReaders.csv({ minQuality: 50, type: undefined })
  for await (const lines of readLines(source.read(0), { offset: 0, line: 0 })) reader.push(lines)
  reader.end()
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return (performance.now() - startedAt) / 1000
}
