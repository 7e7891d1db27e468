import { createHash, randomBytes } from 'node:crypto'
import SqliteFile from 'better-sqlite3'
import { importSigningKey } from '../../src/atproto/signing-key.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { labelerDid, unsignedLabel } from '../../test/support/label-rows.ts'

const base32 = 'abcdefghijklmnopqrstuvwxyz234567'
const cts = '2026-11-22T10:00:00.000Z'
const batch = 1000
let given = Date.now() * 1000

/** Returns the address of a made-up post; each number has its own, of an account of its own. */
export function uriOf(number: number): string {
  const digest = createHash('sha256').update(String(number)).digest()
  const text = (from: number, length: number): string =>
    Array.from(digest.subarray(from, from + length), (byte) => base32[byte & 31]).join('')
  return `at://did:plc:${text(0, 16)}${text(8, 8)}/app.bsky.feed.post/3m${text(16, 11)}`
}

/** Returns the addresses of so many made-up posts, other ones each time that a process asks. */
export function newUris(count: number): string[] {
  return Array.from({ length: count }, () => uriOf((given += 1)))
}

/** The private half of the label key that both labelers sign with. */
export const signingKeyHex: string = '7'.repeat(64)

/** Fills a database with so many labels, as Harrier keeps them. Their signatures are made up, and pass for the key's. */
export async function fillHarrier(path: string, count: number): Promise<void> {
  await using database = await openSqlite({ path })
  const signedBy = (await importSigningKey(signingKeyHex)).did()
  await database.keys.makeLive(signedBy, cts)
  for (let at = 0; at < count; at += batch) {
    const labels = Array.from({ length: Math.min(batch, count - at) }, (_, i) => ({
      ...unsignedLabel({ uri: uriOf(at + i), cts }),
      signedBy,
    }))
    await database.transaction((stores) => stores.labels.append(labels))
  }
}

/** Fills a database that `@skyware/labeler` has created with the same labels. */
export function fillSkyware(path: string, count: number): void {
  const file = new SqliteFile(path)
  const insert = file.prepare('INSERT INTO labels (src, uri, val, neg, cts, sig) VALUES (?, ?, ?, 0, ?, ?)')
  const fill = file.transaction(() => {
    for (let i = 0; i < count; i++) insert.run(labelerDid, uriOf(i), 'known-image', cts, randomBytes(64))
  })
  fill()
  file.close()
}
