import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqlite } from '../../src/store/sqlite.ts'

/**
 * Returns the data folder of a database whose one bank has so many PDQ hashes of random bits, written at once behind the
 * store's back, since importing ten million takes minutes. It is made once and kept in the temporary folder.
 */
export async function bankDatabase(count: number): Promise<string> {
  const folder = join(tmpdir(), 'harrier-bench', `banks-${count}`)
  const path = join(folder, 'harrier.db')
  if (existsSync(path)) return folder
  const draft = `${path}.draft-${process.pid}`
  mkdirSync(dirname(draft), { recursive: true })
  {
    await using database = await openSqlite({ path: draft })
    const bank = { name: 'bench', threshold: 31, minQuality: 50, profile: 'reference-512' } as const
    await database.transaction(({ banks }) =>
      banks.create({ ...bank, createdAt: '2026-01-01T00:00:00.000Z' }),
    )
  }
  const file = new DatabaseSync(draft)
  const indexes = file
    .prepare(
      `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'bank_hashes' AND sql IS NOT NULL`,
    )
    .all() as { name: string; sql: string }[]
  file.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; PRAGMA temp_store = FILE')
  for (const { name } of indexes) file.exec(`DROP INDEX ${name}`)
  file.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    INSERT INTO bank_hashes (id, bank_id, content_id, type, quality, value) SELECT i, 1, i, 0, 100, randomblob(32) FROM n`)
  for (const { sql } of indexes) file.exec(sql)
  // Contents that are added later are numbered above those that these hashes name.
  file.exec(`INSERT INTO bank_contents (id, bank_id, created_at) VALUES (${count}, 1, 0)`)
  file.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  file.close()
  renameSync(draft, path)
  return folder
}

/** Returns needles in hex: every second one a hash of the database with 5 to 31 bits flipped, the others of random bits. */
export function drawHexNeedles(
  folder: string,
  count: number,
  hashes: number,
  random: () => number,
): string[] {
  const file = new DatabaseSync(join(folder, 'harrier.db'), { readOnly: true })
  const load = file.prepare('SELECT value FROM bank_hashes WHERE id = ?')
  const needles = Array.from({ length: count }, (_, i) => {
    const needle = Buffer.alloc(32)
    for (let at = 0; at < 32; at += 4) needle.writeUInt32LE(random(), at)
    if (i % 2 === 0) {
      needle.set((load.get(1 + (random() % hashes)) as { value: Uint8Array }).value)
      for (let flips = 5 + (random() % 27); flips > 0; flips--) {
        const bit = random() & 255
        needle[bit >> 3]! ^= 1 << (bit & 7)
      }
    }
    return needle.toString('hex')
  })
  file.close()
  return needles
}
