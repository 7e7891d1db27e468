/** A route that is fuzzed, and requests to it that are wrong in one way each. */
import * as fc from 'fast-check'
import { encodeBody, type GoodBody, hostileBodies } from './hostile-bodies.ts'
import { marker } from './hostile-json.ts'

/** A route with one request that it takes. */
export type Target = {
  readonly method: string
  /** As documentation has it: `/c/bank/{bank}`. */
  readonly path: string
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: GoodBody
}

/** A request in bytes. */
export type HostileRequest = {
  readonly method: string
  /** Path and query as they stand on the wire. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Buffer
}

const nothing = { bytes: Buffer.alloc(0), headers: {} }

/** Returns the request that the route takes. */
export function goodRequest({ method, path, params = {}, query = {}, body }: Target): HostileRequest {
  const { bytes, headers } = body ? encodeBody(body) : nothing
  return { method, url: urlOf(path, params, new URLSearchParams(query).toString()), headers, bytes }
}

/** Returns requests that are wrong in the path, the query, the headers, the body, or two of these. */
export function hostileRequests(target: Target): fc.Arbitrary<HostileRequest> {
  const good = goodRequest(target)
  const { path, params = {}, query = {}, body } = target
  const search = new URLSearchParams(query).toString()
  const bad: fc.Arbitrary<Partial<HostileRequest>>[] = [
    searches(query).map((text) => ({ url: urlOf(path, params, text) })),
    extraHeaders.map((headers) => ({ headers: { ...good.headers, ...headers } })),
  ]
  const names = Object.keys(params)
  if (names.length > 0) {
    const [first = ''] = names
    bad.push(
      fc
        .tuple(fc.constantFrom(first, ...names), segments)
        .map(([name, segment]) => ({ url: urlOf(path, params, search, { [name]: segment }) })),
    )
  }
  if (body) bad.push(hostileBodies(body), hostileBodies(body), hostileBodies(body))
  const one = fc.oneof(...bad)
  return fc
    .oneof(
      { arbitrary: one, weight: 4 },
      { arbitrary: fc.tuple(one, one).map(([a, b]) => ({ ...a, ...b })), weight: 1 },
    )
    .map((change) => ({ ...good, ...change }))
}

/** Fills a path; `raw` segments stand as they are. */
function urlOf(
  path: string,
  params: Readonly<Record<string, string>>,
  search: string,
  raw: Readonly<Record<string, string>> = {},
): string {
  const filled = path.replaceAll(
    /\{(\w+)\}/g,
    (_, name: string) => raw[name] ?? encodeURIComponent(params[name] ?? ''),
  )
  return search === '' ? filled : `${filled}?${search}`
}

/** Texts that can stand in a request line, and mean trouble. */
const segments = fc.oneof(
  fc.constantFrom(
    '%00',
    '%',
    '%zz',
    '%ff%fe',
    '..',
    '%2e%2e%2fadmin',
    '.',
    '%2F',
    '__proto__',
    'constructor',
    '-1',
    '0',
    '1e9',
    '9007199254740993',
    '99999999999999999999',
    'NaN',
    '*',
    '%25%35%63',
    '%F0%9F%90%A6',
    'x'.repeat(9_000),
    marker,
    'did:plc:x',
    'at:%2F%2F',
    `'%20OR%201=1`,
  ),
  fc.string({ maxLength: 60 }).map((text) => encodeURIComponent(text.toWellFormed())),
)

function searches(query: Readonly<Record<string, string>>): fc.Arbitrary<string> {
  const names = [...Object.keys(query), 'limit', 'offset', 'cursor', 'banks', 'seed', 'url', '__proto__']
  const good = new URLSearchParams(query).toString()
  const name = fc.constantFrom(...names)
  const forms = fc.constantFrom<(name: string, value: string) => string>(
    (name, value) => `${name}=${value}`,
    (name, value) => `${good}&${name}=${value}`,
    (name, value) => `${name}=${value}&${name}=${value}`,
    (name, value) => `${name}[]=${value}`,
    (name, value) => `${name}[${value}]=${value}`,
    (name, value) => `${name}[__proto__][x]=${value}`,
    (name) => name,
    (name) => `${name}=`,
    (name, value) => `${name}=${value.slice(0, 5)}&`.repeat(1_500),
    (name, value) => `=${value}&&&${name}`,
  )
  return fc.tuple(name, segments, forms).map(([name, value, form]) => form(name, value))
}

const extraHeaders: fc.Arbitrary<Readonly<Record<string, string>>> = fc.constantFrom<Record<string, string>>(
  { accept: 'no/such' },
  { accept: '*/*;q=x'.repeat(200) },
  { expect: '100-continue' },
  { range: 'bytes=0-1,2-3' },
  { 'if-none-match': '*' },
  { 'x-request-id': marker },
  { 'x-forwarded-for': '::::' },
  { 'x-forwarded-host': 'evil.example' },
  { 'x-http-method-override': 'DELETE' },
  { host: '' },
  { host: 'evil.example:99999' },
  { origin: 'null' },
  { cookie: 'a=b; '.repeat(1_000) },
  { upgrade: 'h2c', connection: 'Upgrade' },
  { 'accept-encoding': 'gzip;q=0' },
  { 'accept-language': marker },
  { 'user-agent': '\u00ff'.repeat(100) },
  { prefer: 'respond-async' },
)
