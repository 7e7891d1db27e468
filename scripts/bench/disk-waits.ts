import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Returns how long the disk of the temporary folder takes to make a page durable, in milliseconds, a hundred times. */
export function diskWaits(): readonly number[] {
  const folder = mkdtempSync(join(tmpdir(), 'harrier-disk-'))
  const file = openSync(join(folder, 'page'), 'w')
  const page = Buffer.alloc(4096)
  const waits = Array.from({ length: 100 }, () => {
    const startedAt = performance.now()
    writeSync(file, page)
    fsyncSync(file)
    return performance.now() - startedAt
  })
  closeSync(file)
  rmSync(folder, { recursive: true })
  return waits
}
