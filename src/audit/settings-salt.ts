import { createHmac, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { AppError } from '../lib/errors.ts'
import { readPrivateFile, writePrivateFile } from '../lib/private-file.ts'

/**
 * Returns the function that digests a secret, so that a start of the service can tell whether it changed: an HMAC-SHA256 under 32
 * random bytes that are in a file of the data folder, which only its owner may read, and never in the database. Whoever has the
 * database, a backup of it or an export can therefore not try passwords out; whoever has the data folder has the label key as
 * well. The name goes into it, so that two settings of one value do not look alike. Before the digest stands a mark of the salt:
 * two digests under different salts say nothing about one another.
 */
export function openSecretDigest(dataDir: string): (name: string, value: string) => string {
  const salt = openSalt(join(dataDir, 'settings-salt.hex'))
  const mac = (text: string): string => createHmac('sha256', salt).update(text).digest('hex')
  const mark = mac('mark').slice(0, 16)
  return (name, value) => `${mark}.${mac(`${name}=${value}`)}`
}

/** Tells whether two digests were made under one salt, so that they can be compared. */
export function areComparable(a: string, b: string): boolean {
  return a.split('.')[0] === b.split('.')[0]
}

function openSalt(path: string): Buffer {
  if (readPrivateFile(path) === undefined) writePrivateFile(path, `${randomBytes(32).toString('hex')}\n`)
  const text = readPrivateFile(path)?.trim() ?? ''
  if (/^[0-9a-f]{64}$/.test(text)) return Buffer.from(text, 'hex')
  throw new AppError('internal', `Expected 64 hex digits in ${path} but received something else; remove it`)
}
