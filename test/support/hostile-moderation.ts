/**
 * The host of an account and the moderation service behind it, in one server that answers as badly as it is told. No real one
 * can be had to do that on demand; what it takes and what it refuses is what the reference PDS and Ozone take and refuse.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { openLoopbackServer } from './listen.ts'

/** How a report is answered: what happens first to the report, then to the connection. */
export type ReportReply =
  | 'take'
  | 'drop'
  | 'take-and-drop'
  | 'take-and-fail'
  | 'take-and-be-unavailable'
  | 'take-and-babble'
  | 'take-and-never-end'
  | 'take-and-be-silent'
  | 'take-and-answer-twice'
  | 'fail'
  | 'busy'
  | 'limit'
  | 'refuse'

/** A report that it took. */
export type TakenReport = { readonly reasonType: string; readonly subject: object; readonly modTool: object }

/** The server. Its settings may be changed at any time. */
export type HostileModeration = {
  readonly origin: string
  readonly reports: TakenReport[]
  /** How often each method was called. */
  readonly calls: Map<string, number>
  /** The next answers to reports; `take` when there are none. */
  replies: ReportReply[]
  /** True when it answers questions for events, as an Ozone does to its moderators. */
  isModerated: boolean
  /** True when the host cannot reach the service. */
  isDown: boolean
} & Disposable

/** The password that it takes. */
export const hostilePassword = 'the-app-password-of-the-account'
const did = 'did:plc:z72i7hdynmk6r22z27h6tvur'

/** Opens one that takes every report. */
export async function openHostileModeration(): Promise<HostileModeration> {
  const server = await openLoopbackServer((request, response) => void answer(hostile, request, response))
  const hostile: HostileModeration = {
    origin: server.origin,
    reports: [],
    calls: new Map(),
    replies: [],
    isModerated: false,
    isDown: false,
    [Symbol.dispose]: () => server[Symbol.dispose](),
  }
  return hostile
}

async function answer(
  it: HostileModeration,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', it.origin)
  const method = url.pathname.split('.').at(-1) ?? ''
  it.calls.set(method, (it.calls.get(method) ?? 0) + 1)
  const body = await text(request)
  if (method === 'createSession' || method === 'refreshSession') {
    const isKnown = method === 'refreshSession' || body.includes(`"${hostilePassword}"`)
    if (isKnown) json(response, 200, session())
    else json(response, 401, { error: 'AuthenticationRequired', message: 'Invalid identifier or password' })
  } else if (it.isDown) json(response, 502, { error: 'UpstreamFailure', message: 'Upstream unreachable' })
  else if (method === 'queryLabels') json(response, 200, { labels: [] })
  else if (method === 'queryEvents') answerEvents(it, url, response)
  else {
    const reply = it.replies.shift() ?? 'take'
    if (reply.startsWith('take')) it.reports.push(JSON.parse(body) as TakenReport)
    answers[reply](response, { id: it.reports.length })
  }
}

/** As Ozone does: it finds reports by what their `modTool` has for `batchId`. */
function answerEvents({ isModerated, reports }: HostileModeration, url: URL, response: ServerResponse): void {
  if (!isModerated) return json(response, 401, { error: 'AuthRequired', message: 'Not a moderator' })
  const id = url.searchParams.get('batchId')
  const found = reports.filter(({ modTool }) => JSON.stringify(modTool).includes(`"${id}"`))
  json(response, 200, { events: found.map(({ modTool }) => ({ event: { $type: 'x' }, modTool })) })
}

type Answer = (response: ServerResponse, filed: object) => void

const drop: Answer = ({ socket }) => void socket?.destroy()
const fail: Answer = (response) =>
  json(response, 500, { error: 'InternalServerError', message: 'Internal Server Error' })

const answers: Readonly<Record<ReportReply, Answer>> = {
  take: (response, filed) => json(response, 200, filed),
  drop,
  'take-and-drop': drop,
  fail,
  'take-and-fail': fail,
  // As a gateway answers whose connection to the service broke.
  'take-and-be-unavailable': (response) => json(response, 503, { error: 'Unavailable', message: 'reset' }),
  busy: (response) => json(response, 503, { error: 'Unavailable', message: 'Later' }, { 'retry-after': '1' }),
  limit: (response) =>
    json(response, 429, { error: 'RateLimitExceeded', message: 'Too many' }, { 'retry-after': '1' }),
  refuse: (response) => json(response, 400, { error: 'InvalidRequest', message: 'Invalid reason type' }),
  'take-and-babble': (response) => void response.writeHead(200).end('<html>Welcome</html>'),
  'take-and-be-silent': () => undefined,
  'take-and-answer-twice'({ socket }, filed) {
    const whole = JSON.stringify(filed)
    const one = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${whole.length}\r\n\r\n${whole}`
    socket?.write(one + one)
  },
  'take-and-never-end'(response) {
    response.writeHead(200, { 'content-type': 'application/json' })
    const more = setInterval(() => response.write(' '.repeat(100_000)), 1)
    response.on('close', () => clearInterval(more))
  },
}

function json(response: ServerResponse, status: number, value: object, headers: object = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
}

function session(): object {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const accessJwt = `${part({ alg: 'none' })}.${part({ exp: Math.floor(Date.now() / 1000) + 7200 })}.x`
  return { did, handle: 'mod.test', accessJwt, refreshJwt: accessJwt }
}
