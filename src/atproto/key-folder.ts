import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
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
 * The private halves of the label keys on the disk: `signing-key.hex`, and beside it, from the beginning of a change of
 * keys to its end, `signing-key.next.hex`. Each file is one line of hex that only its owner may read; it is there whole
 * and synced, or not at all.
 * @throws {KeyFileError} from every call that finds a file that holds no key.
 */
export interface KeyFolder {
  /** Returns the key in `signing-key.hex`, or undefined when there is no such file. */
  current(): Promise<SigningKey | undefined>
  /** Returns the key in `signing-key.next.hex`, or undefined when there is no such file. */
  next(): Promise<SigningKey | undefined>
  /** As `current`, generating the key when there is none. Processes that start at once end up with one key. */
  openCurrent(): Promise<SigningKey>
  /** As `next`, generating the key when there is none. */
  openNext(): Promise<SigningKey>
  /** Puts the next key in the place of the current one, which is gone then. Does nothing when there is no next one. */
  promote(): void
}

/** Returns the keys of a data folder, which need not be there yet. */
export function createKeyFolder(folder: string): KeyFolder {
  const [current, next] = [join(folder, 'signing-key.hex'), join(folder, 'signing-key.next.hex')]
  const open = async (path: string): Promise<SigningKey> => {
    if (readText(path) === undefined) await writeNewKey(folder, path)
    return importKey(path, readText(path) ?? '')
  }
  const read = async (path: string): Promise<SigningKey | undefined> => {
    const text = readText(path)
    return text === undefined ? undefined : importKey(path, text)
  }
  return {
    current: () => read(current),
    next: () => read(next),
    openCurrent: () => open(current),
    openNext: () => open(next),
    promote() {
      if (ignoring('ENOENT', () => renameSync(next, current))) sync(folder)
    },
  }
}

async function importKey(path: string, text: string): Promise<SigningKey> {
  try {
    return await importSigningKey(text)
  } catch (error) {
    throw new KeyFileError(path, error)
  }
}

/** The file appears whole or not at all, and only if there is none: a link is made to a finished temporary file. */
async function writeNewKey(folder: string, path: string): Promise<void> {
  const key = await generateSigningKey()
  const draft = `${path}.${process.pid}`
  mkdirSync(folder, { recursive: true })
  const file = openSync(draft, 'w', 0o600)
  try {
    writeSync(file, `${key.exportHex()}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  // Where another process was first, its key is the one to read.
  ignoring('EEXIST', () => linkSync(draft, path))
  unlinkSync(draft)
  sync(folder)
}

/** A new name is durable once its folder is. */
function sync(folder: string): void {
  const file = openSync(folder, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function readText(path: string): string | undefined {
  let text: string | undefined
  ignoring('ENOENT', () => {
    text = readFileSync(path, 'utf8').trim()
  })
  return text
}

/** Runs a call, and returns false when it failed with that code. */
function ignoring(code: string, run: () => void): boolean {
  try {
    run()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return false
    throw error
  }
}
