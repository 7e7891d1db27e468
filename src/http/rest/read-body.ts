import type { Request } from 'express'
import type { BodyRefusals } from '../read-bytes.ts'
import { RestError } from './problem.ts'

/** The deepest nesting of arrays and objects that JSON may have. */
const maxDepth = 32

/** Returns the media type of a request in lower case without its parameters; empty when it has none. */
export function mediaTypeOf(request: Request): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

/** Refuses a body that is compressed, or known to be too large before it is read. */
export function checkBodyHeaders(request: Request, maxBytes: number): void {
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new RestError(415, 'UnsupportedEncoding', 'Expected a body that is not compressed')
  }
  if (Number(request.headers['content-length']) > maxBytes) throw tooLarge(maxBytes)
}

/** Returns the JSON of a body. @throws {RestError} 400 when it is not JSON in UTF-8, or nested too deep. */
export function parseJson(bytes: Uint8Array): unknown {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new RestError(400, 'InvalidJson', 'Expected JSON in UTF-8 but received something else')
  }
  if (isDeeperThan(value, maxDepth)) {
    throw new RestError(400, 'InvalidJson', `Expected JSON that is nested at most ${maxDepth} deep`)
  }
  return value
}

/** Walks level by level: what writes the value out later goes down by calling itself, and must not fall. */
function isDeeperThan(value: unknown, depth: number): boolean {
  let level = [value]
  for (let at = 0; at <= depth; at++) {
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []))
    if (level.length === 0) return false
  }
  return true
}

/** The refusal of a body or a file that is too large. */
export function tooLarge(maxBytes: number): RestError {
  return new RestError(413, 'PayloadTooLarge', `Expected at most ${maxBytes} bytes but received more`)
}

/** The refusal of a body that does not arrive. */
export function tooSlow(timeoutMs: number): RestError {
  return new RestError(408, 'RequestTimeout', `Expected the body within ${timeoutMs} ms`)
}

/** What is said of a body that ends before its end; the caller is usually gone. */
export function brokenOff(): RestError {
  return new RestError(400, 'IncompleteBody', 'Expected a whole body but it broke off')
}

/** What is thrown for a body that is not taken: 413, 408 or 400. */
export const bodyRefusals: BodyRefusals = { tooLarge, tooSlow, brokenOff }
