import type { Request } from 'express'
import type { z } from 'zod'
import { readBytes } from '../read-bytes.ts'
import { type Body, hasBody, type Operation } from './operation.ts'
import { type FieldProblem, RestError } from './problem.ts'
import { bodyRefusals, checkBodyHeaders, mediaTypeOf, parseJson } from './read-body.ts'
import { readForm } from './read-form.ts'
import type { RestOptions } from './rest-services.ts'

/** Form fields and boundaries beside the file. */
const formOverhead = 500_000
/** The most fields of which the caller is told what is wrong. */
const maxProblems = 10

/** Returns the query of a request, checked. @throws {RestError} 400. */
export function readQuery(request: Request, { query: schema }: Operation): unknown {
  return schema === undefined ? {} : check(schema, request.query)
}

/** True when the request may bring an image, in its body or from an address, and so takes memory. */
export function isHeavy(
  request: Request,
  { takesImage, fetchesImage, json }: Operation,
  options: RestOptions,
): boolean {
  if (fetchesImage === true) return true
  if (takesImage === true && mediaTypeOf(request) !== 'application/json') return true
  return json !== undefined && json.maxBytes(options) > 10_000_000
}

/**
 * Returns the body of a request, checked; `onBytes` is shown its bytes first where it is JSON, and may refuse them.
 * @throws {RestError} 400, 408, 413 or 415.
 */
export async function readBody(
  request: Request,
  operation: Operation,
  options: RestOptions,
  onBytes: (bytes: Buffer) => Promise<void>,
): Promise<Body<unknown>> {
  if (!hasBody(operation)) return { kind: 'none' }
  const type = mediaTypeOf(request)
  const { maxImageBytes: maxBytes, bodyTimeoutMs: timeoutMs } = options
  if (type === 'application/json' && operation.json) {
    const limits = { maxBytes: operation.json.maxBytes(options), timeoutMs }
    checkBodyHeaders(request, limits.maxBytes)
    const bytes = await readBytes(request, limits, bodyRefusals)
    await onBytes(bytes)
    return { kind: 'json', value: check(operation.json.schema, parseJson(bytes)) }
  }
  if (operation.takesImage !== true) throw unsupportedType(['application/json'])
  if (type === 'multipart/form-data') {
    checkBodyHeaders(request, maxBytes + formOverhead)
    return { kind: 'image', ...(await readForm(request, { maxBytes, timeoutMs })) }
  }
  if (!/^image\/|^application\/octet-stream$/.test(type)) {
    throw unsupportedType(['multipart/form-data', 'application/json', 'image/*', 'application/octet-stream'])
  }
  checkBodyHeaders(request, maxBytes)
  const bytes = await readBytes(request, { maxBytes, timeoutMs }, bodyRefusals)
  return { kind: 'image', image: { bytes, filename: '', contentType: type.slice(0, 100) }, fields: {} }
}

function unsupportedType(expected: readonly string[]): RestError {
  return new RestError(415, 'UnsupportedMediaType', `Expected a content type of ${expected.join(', ')}`)
}

function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.slice(0, maxProblems).map(problemOfIssue)
  const first = fields[0]
  throw new RestError(400, 'InvalidRequest', `${first?.field}: ${first?.problem}`, fields)
}

/** The messages of zod say what was expected and of which type it was, and never the value. */
function problemOfIssue({ path, message }: z.core.$ZodIssue): FieldProblem {
  return { field: path.length === 0 ? 'request' : path.join('.').slice(0, 200), problem: message }
}
