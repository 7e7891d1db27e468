import { open } from 'node:fs/promises'
import type { SignedAuditHead } from '../../src/model/audit.ts'
import { type Arguments, textOption, UsageError } from './arguments.ts'
import { unusableFile } from './sources.ts'

/** The most of a file's end that is looked at for the head, which is its last line. */
const maxHeadBytes = 16_384

/**
 * Returns the time of an option as ISO 8601 in UTC, or undefined when it was not given: a day, or a moment with its zone.
 * @throws {UsageError} when it is neither.
 */
export function timeOption(args: Arguments, name: string): string | undefined {
  const text = textOption(args, name)
  if (text === undefined) return undefined
  const isTime = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/.test(
    text,
  )
  const ms = isTime ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(ms)) return new Date(ms).toISOString()
  throw new UsageError(
    `Expected a day such as 2026-01-31, or a moment such as 2026-01-31T12:00Z, for --${name} but received ${JSON.stringify(text)}`,
  )
}

/** Returns the key of an option, or undefined when it was not given. @throws {UsageError} when it is none. */
export function didKeyOption(args: Arguments, name: string): string | undefined {
  const text = textOption(args, name)
  if (text === undefined || /^did:key:z[1-9A-HJ-NP-Za-km-z]{20,200}$/.test(text)) return text
  throw new UsageError(`Expected did:key:z… for --${name} but received ${JSON.stringify(text.slice(0, 60))}`)
}

/**
 * Returns the signed head that is the last line of a file: of an export, or of what harrier audit head printed.
 * @throws {UnusableFileError} when it cannot be read, and what `parse` throws.
 */
export async function readSignedHead(
  path: string,
  parse: (text: string) => SignedAuditHead,
): Promise<SignedAuditHead> {
  let text: string
  try {
    await using file = await open(path)
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read({
      position: Math.max(0, size - maxHeadBytes),
      length: maxHeadBytes,
    })
    text = buffer.subarray(0, bytesRead).toString('utf8')
  } catch (error) {
    throw unusableFile(path, error)
  }
  return parse(text.trimEnd().split('\n').at(-1) ?? '')
}
