import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { AppError } from '../lib/errors.ts'
import { generateSigningKey, importSigningKey, type SigningKey } from './signing-key.ts'

/** The key file is there and is not a key; it is never overwritten, since labels signed by it may be out. */
export class KeyFileError extends AppError {
  override readonly name = 'KeyFileError'
  constructor(path: string, cause: unknown) {
    super('internal', `Expected a private key (64 hex digits) in ${path} but received something else`, {
      cause,
    })
  }
}

/**
 * Returns the key in the file, generating it on first use: 64 hex digits, readable by its owner only. Two processes that
 * start at once end up with one key.
 * @throws {KeyFileError} when the file holds no key.
 */
export async function openKeyFile(path: string): Promise<SigningKey> {
  const known = readKeyFile(path)
  if (known === undefined) await writeNewKey(path)
  const hex = known ?? readKeyFile(path) ?? ''
  try {
    return await importSigningKey(hex)
  } catch (error) {
    throw new KeyFileError(path, error)
  }
}

/** The file appears whole or not at all, and only if there is none: a link is made to a finished temporary file. */
async function writeNewKey(path: string): Promise<void> {
  const key = await generateSigningKey()
  const draft = `${path}.${process.pid}`
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(draft, `${key.exportHex()}\n`, { mode: 0o600 })
  try {
    linkSync(draft, path)
  } catch (error) {
    // Another process was first: its key is the one to read.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
}

function readKeyFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
