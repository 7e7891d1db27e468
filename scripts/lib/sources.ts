import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { cidForRawHash } from '@atproto/lex-data'
import { AppError } from '../../src/lib/errors.ts'
import {
  type HashType,
  hashHexDigits,
  type ImageHash,
  parseHashValue,
  pdqProfiles,
} from '../../src/model/hash.ts'
import type { HashPlan } from '../../src/model/hash-plan.ts'
import type { ImageFacts } from '../../src/model/scan.ts'
import { unscannableReasons } from '../../src/model/scan.ts'
import type { Hashing, Tools } from '../../src/tools.ts'
import { UsageError } from './arguments.ts'

/** A file that cannot be read, or whose bytes are no image that can be hashed. `reason` is for machines. */
export class UnusableFileError extends AppError {
  override readonly name = 'UnusableFileError'
  readonly reason: string
  constructor(path: string, reason: string, explanation: string) {
    super('invalid', `${path}: ${explanation}`)
    this.reason = reason
  }
}

/** An image file with what is known of it. */
export type HashedFile = {
  readonly path: string
  readonly hashes: readonly ImageHash[]
  readonly facts: ImageFacts
  /** Decoding and hashing, milliseconds. */
  readonly ms: number
  /** The CID that its bytes have as a blob. */
  readonly cid: string
}

/**
 * Returns the hashes of an image file, made as the service makes them, in both profiles, and with the looks of `more`.
 * @throws {UnusableFileError}
 */
export async function hashImageFile(
  tools: Hashing,
  path: string,
  more?: Partial<HashPlan>,
): Promise<HashedFile> {
  const bytes = await readImageFile(path)
  const scan = await tools.hash(bytes, more)
  if (scan.kind === 'unscannable')
    throw new UnusableFileError(path, scan.reason, unscannableReasons[scan.reason])
  const cid = cidForRawHash(createHash('sha256').update(bytes).digest()).toString()
  return { path, hashes: scan.hashes, facts: scan.facts, ms: scan.decodeMs + scan.hashMs, cid }
}

/** Returns the hash that a text spells out; its type by its length unless told. @throws {UsageError} */
export function requireHash(
  text: string,
  chosen: HashType | undefined,
): { readonly type: HashType; readonly value: string } {
  const [hash] = parseHashArgument(text, chosen) ?? []
  if (hash) return { type: hash.type, value: hash.value }
  throw new UsageError('Expected the hex digits of a hash but received something else')
}

/** Returns the hashes that an argument spells out, or undefined when it has no hash's form and so names a file. */
function parseHashArgument(text: string, chosen: HashType | undefined): readonly ImageHash[] | undefined {
  const type = chosen ?? digestTypeByLength(text) ?? 'pdq'
  const value = parseHashValue(type, text)
  if (value === undefined) return undefined
  // Nothing in a PDQ hash says which hasher made it, so it is taken for either.
  if (type === 'pdq')
    return pdqProfiles.map((profile) => ({ type, value, quality: 100, profile, variant: 'original' }))
  return [{ type, value, quality: 100 }]
}

/** Digests that their number of digits gives away; 64 can be PDQ or SHA-256. */
function digestTypeByLength(text: string): HashType | undefined {
  return (['md5', 'sha1'] as const).find((type) => text.length === hashHexDigits[type])
}

/** Returns the hashes of an argument that is a hash or an image file. @throws {UnusableFileError} */
export async function hashesOfArgument(
  tools: Tools,
  text: string,
  type: HashType | undefined,
  more: Partial<HashPlan> = {},
): Promise<readonly ImageHash[]> {
  const spelled = parseHashArgument(text, type)
  if (spelled) return spelled
  const { hashes } = await hashImageFile(tools, text, {
    ...more,
    ...(type === 'sha1' ? { hasSha1: true } : {}),
  })
  return type === undefined ? hashes : hashes.filter((candidate) => candidate.type === type)
}

const maxFileBytes = 300_000_000

/** Returns a file's bytes. @throws {UnusableFileError} when it cannot be read or is too large. */
export async function readImageFile(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path)
    if (size > maxFileBytes) {
      throw new UnusableFileError(
        path,
        'too-large',
        `Expected at most ${maxFileBytes} bytes but received ${size}`,
      )
    }
    return await readFile(path)
  } catch (error) {
    throw error instanceof UnusableFileError ? error : unusableFile(path, error)
  }
}

/** Returns what the operating system's refusal of a file means for people. */
export function unusableFile(path: string, error: unknown): UnusableFileError {
  const { code = 'unreadable' } = error as NodeJS.ErrnoException
  const explanation = fileErrors[code] ?? `it could not be used (${code})`
  return new UnusableFileError(path, code === 'ENOENT' ? 'no-such-file' : 'unreadable', explanation)
}

const fileErrors: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a folder; name the files in it',
  EACCES: 'no permission',
}
