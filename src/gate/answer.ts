import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** An answer of the gate itself: a status, and the two fields of an XRPC error body. */
export type GateAnswer = {
  readonly status: number
  readonly error: string
  readonly message: string
  /** Seconds after which the caller may come again. */
  readonly retryAfter?: number
  /** Ends the connection, whatever the caller still has to send. */
  readonly isLast?: true
}

type AnswerName =
  | 'refused'
  | 'tooLarge'
  | 'badEncoding'
  | 'unreadable'
  | 'notChecked'
  | 'busy'
  | 'slow'
  | 'upstreamFailed'
  | 'upstreamSlow'
  | 'notHere'

/** Every answer that the gate gives itself. None says what an upload matched, or that lists exist. */
export const answers: Readonly<Record<AnswerName, GateAnswer>> = {
  refused: {
    status: 400,
    error: 'ContentPolicyViolation',
    message: 'This upload is not allowed by the content policy of this server',
  },
  tooLarge: { status: 413, error: 'PayloadTooLarge', message: 'The upload has more bytes than are taken' },
  badEncoding: {
    status: 415,
    error: 'UnsupportedMediaType',
    message: 'The content encoding of the upload cannot be read',
  },
  unreadable: {
    status: 400,
    error: 'InvalidRequest',
    message: 'The upload cannot be read as the picture that it begins as',
  },
  notChecked: {
    status: 503,
    error: 'NotEnoughResources',
    message: 'The upload could not be checked; try again later',
    retryAfter: 5,
  },
  busy: {
    status: 503,
    error: 'NotEnoughResources',
    message: 'Too many uploads at once; try again later',
    retryAfter: 1,
  },
  slow: { status: 408, error: 'RequestTimeout', message: 'The upload did not arrive in time', isLast: true },
  upstreamFailed: { status: 502, error: 'UpstreamFailure', message: 'The server cannot be reached' },
  upstreamSlow: { status: 504, error: 'UpstreamTimeout', message: 'The server did not answer in time' },
  notHere: { status: 404, error: 'NotFound', message: 'Only uploads are served here' },
}

/**
 * Gives the gate's own answer, readable for web clients of any origin, as those of the PDS are. An answer that has begun
 * is cut instead.
 */
export function answerWith(response: ServerResponse, answer: GateAnswer): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const body = JSON.stringify({ error: answer.error, message: answer.message })
  const fields: OutgoingHttpHeaders = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'access-control-allow-origin': '*',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  }
  if (answer.retryAfter !== undefined) fields['retry-after'] = String(answer.retryAfter)
  if (answer.isLast || isRefusedExpectation(response)) fields['connection'] = 'close'
  response.writeHead(answer.status, fields)
  response.end(body)
}

/**
 * True for a caller who asked before sending its body and is answered instead: it need not send it any more, so the
 * connection cannot be used again (RFC 9110, 10.1.1).
 */
export function isRefusedExpectation({ req }: ServerResponse): boolean {
  return req.headers.expect !== undefined && !req.complete
}
