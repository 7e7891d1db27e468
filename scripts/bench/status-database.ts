import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { blobCidOf } from '../../src/model/ids.ts'
import { bankDatabase } from './bank-database.ts'
import { fillHarrier } from './labels-rows.ts'

/**
 * Returns the data folder of a database with so many known images, as many labels, each of another record, and as many
 * PDQ hashes in a bank. It is made once and kept in the temporary folder.
 */
export async function statusDatabase(count: number): Promise<string> {
  const folder = join(tmpdir(), 'harrier-bench', `status-${count}`)
  const path = join(folder, 'harrier.db')
  if (existsSync(path)) return folder
  const draft = `${path}.draft-${process.pid}`
  mkdirSync(folder, { recursive: true })
  copyFileSync(join(await bankDatabase(count), 'harrier.db'), draft)
  await fillHarrier(draft, count)
  fillImages(draft, count)
  renameSync(draft, path)
  return folder
}

/** Returns the CID of a made-up image; each number has its own. */
export function cidOf(number: number): string {
  return blobCidOf(digest('sha256', number))
}

function fillImages(path: string, count: number): void {
  const file = new DatabaseSync(path)
  file.exec('PRAGMA synchronous = OFF')
  const insert = file.prepare(
    `INSERT INTO images (cid, outcome, format, width, height, size, hashes, plan, scanned_at)
      VALUES (?, 'hashed', 'jpeg', 1000, 800, 90000, ?, ?, '2026-01-01T00:00:00.000Z')`,
  )
  const plan = JSON.stringify({
    profiles: ['reference-512'],
    hasSha1: false,
    isOriented: true,
    isFlattened: true,
    frames: 4,
    isTurned: false,
  })
  file.exec('BEGIN')
  for (let i = 0; i < count; i++) insert.run(cidOf(i), hashesOf(i), plan)
  file.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)')
  file.close()
}

/** As the hashing of a picture leaves them. */
function hashesOf(number: number): string {
  const pdq = createHash('sha256').update(`pdq ${number}`).digest('hex')
  return JSON.stringify([
    { type: 'pdq', value: pdq, quality: 100, profile: 'reference-512', variant: 'original' },
    { type: 'md5', value: digest('md5', number).toString('hex'), quality: 100 },
    { type: 'sha256', value: digest('sha256', number).toString('hex'), quality: 100 },
  ])
}

function digest(algorithm: string, number: number): Buffer {
  return createHash(algorithm).update(`image ${number}`).digest()
}
