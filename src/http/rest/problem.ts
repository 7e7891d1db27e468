import { STATUS_CODES } from 'node:http'
import { AppError, type ErrorKind } from '../../lib/errors.ts'
import { wireErrorOf } from '../errors.ts'

/** What is wrong with one field of a request; never its value. */
export type FieldProblem = { readonly field: string; readonly problem: string }

/** An error body: a problem document (RFC 9457), whose `detail` is where FastAPI, and so the guide's service, has it. */
export type Problem = {
  readonly type: 'about:blank'
  /** The status in words. */
  readonly title: string
  readonly status: number
  /** For people. */
  readonly detail: string
  /** For machines, such as `InvalidRequest`. */
  readonly code: string
  readonly request_id: string
  readonly errors?: readonly FieldProblem[]
}

/** A refusal with a status of its own, which the kinds of `AppError` do not tell apart. */
export class RestError extends AppError {
  override readonly name = 'RestError'
  readonly status: number
  readonly code: string
  readonly fields: readonly FieldProblem[]
  constructor(status: number, code: string, message: string, fields: readonly FieldProblem[] = []) {
    super(kindOfStatus[status] ?? 'invalid', message)
    this.status = status
    this.code = code
    this.fields = fields
  }
}

const kindOfStatus: Readonly<Record<number, ErrorKind>> = { 413: 'too-large', 503: 'unavailable' }

/** Returns what to tell the caller about any error; `isFault` when it is ours, and belongs in the log. */
export function problemOf(
  error: unknown,
  requestId: string,
): { readonly problem: Problem; readonly isFault: boolean } {
  if (error instanceof RestError) {
    const { status, code, message, fields } = error
    const problem = problemFrom(status, code, message, requestId)
    return { problem: fields.length > 0 ? { ...problem, errors: fields } : problem, isFault: false }
  }
  const { status, error: code, message, id } = wireErrorOf(error)
  if (id === undefined) return { problem: problemFrom(status, code, message, requestId), isFault: false }
  return { problem: problemFrom(500, code, `Internal error ${requestId}`, requestId), isFault: true }
}

function problemFrom(status: number, code: string, detail: string, requestId: string): Problem {
  const title = STATUS_CODES[status] ?? 'Error'
  return { type: 'about:blank', title, status, detail, code, request_id: requestId }
}
