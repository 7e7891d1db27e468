import { join } from 'node:path'
import type { App } from '../../src/app.ts'
import type { Env } from '../../src/config/env.ts'
import type { Operation, RequestExample } from '../../src/http/rest/operation.ts'
import { type ApiScope, apiScopes } from '../../src/model/api-key.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { someDid, someUri } from './builders.ts'
import {
  bankPicture,
  createServiceFolder,
  openService,
  openServiceTools,
  type ServiceFolder,
} from './service.ts'

/** A running service with the REST API, of which the network is switched off. */
export type RestService = {
  readonly url: string
  readonly app: App
  readonly folder: ServiceFolder
  /** Every line of its log so far. */
  readonly lines: readonly string[]
  /** Makes a key with the scopes; with all of them unless told. */
  makeKey(scopes?: readonly ApiScope[], requestsPerMinute?: number): Promise<string>
} & AsyncDisposable

/** Opens the service as `npm start` does, on free ports, with its hashing process and its database, which knows a picture. */
export async function openRestService(known: Uint8Array, more: Env = {}): Promise<RestService> {
  await using stack = new AsyncDisposableStack()
  const nowhere = 'http://127.0.0.1:9'
  const folder = stack.use(
    createServiceFolder({ jetstreamUrl: 'ws://127.0.0.1:9', plcUrl: nowhere, pdsUrl: nowhere }, more),
  )
  await bankPicture(folder, known)
  const lines: string[] = []
  const app = stack.use(await openService(folder, { lines }))
  const open = stack.move()
  return {
    url: app.publicUrl,
    app,
    folder,
    lines,
    async makeKey(scopes = apiScopes, requestsPerMinute = 100_000) {
      await using tools = await openServiceTools(folder)
      return (await tools.apiKeys.create({ name: 'test', scopes, requestsPerMinute })).secret
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

/** Puts a message into the outbox of a service that has none: delivery 1, for whoever asks for it. */
export async function addDelivery({ folder }: Pick<RestService, 'folder'>): Promise<void> {
  await using database = await openSqlite({ path: join(folder.path, 'harrier.db') })
  const message = { kind: 'webhook', target: 'app', messageId: 'msg_1', event: 'match_found' } as const
  await database.outbox.add([
    { ...message, subject: 'a', payload: '{}', createdAt: new Date().toISOString() },
  ])
}

/** Opens a review in a service that has none: review 1, for whoever asks for it. */
export async function addReview({ folder }: Pick<RestService, 'folder'>): Promise<void> {
  await using database = await openSqlite({ path: join(folder.path, 'harrier.db') })
  await database.transaction(({ reviews }) => reviews.open(someUri, someDid, new Date().toISOString()))
}

/** An answer as a test looks at it. */
export type RestAnswer = {
  readonly status: number
  readonly headers: Headers
  readonly type: string
  readonly json: Record<string, unknown>
}

/** Sends a request; undefined leaves the key out. */
export async function call(
  url: string,
  key: string | undefined,
  init: RequestInit = {},
): Promise<RestAnswer> {
  const headers = new Headers(init.headers)
  if (key !== undefined) headers.set('authorization', `Bearer ${key}`)
  const response = await fetch(url, { ...init, headers, signal: AbortSignal.timeout(20_000) })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    type: response.headers.get('content-type') ?? '',
    json: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  }
}

/** Returns a request with JSON. */
export function post(json: unknown): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(json),
  }
}

/** Returns a request with a form. */
export function form(
  bytes: Uint8Array,
  {
    field = 'file',
    type = 'image/png',
    fields = {},
  }: {
    readonly field?: string
    readonly type?: string
    readonly fields?: Readonly<Record<string, string>>
  } = {},
): RequestInit {
  const body = new FormData()
  for (const [name, value] of Object.entries(fields)) body.set(name, value)
  body.set(field, new Blob([new Uint8Array(bytes)], { type }), 'image.png')
  return { method: 'POST', body }
}

/** Returns the address and the request of a documented one, with a picture, and with a server for that of the examples. */
export function requestOf(
  base: string,
  { method, path }: Pick<Operation, 'method' | 'path'>,
  example: RequestExample,
  { picture, images }: { readonly picture: Uint8Array; readonly images: string },
): readonly [url: string, init: RequestInit] {
  const { query = {}, params = {}, json, file, as = 'form', raw } = example
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const search = new URLSearchParams(query).toString()
  const url = `${base}${filled}${search === '' ? '' : `?${search}`}`
  const verb = method.toUpperCase()
  if (method === 'get' || method === 'delete') return [url, { method: verb }]
  if (raw) return [url, { method: verb, headers: { 'content-type': raw.contentType }, body: raw.text }]
  if (file === undefined) {
    const body = JSON.parse(JSON.stringify(json ?? null).replaceAll('https://images.example.com', images))
    return [url, { ...post(body), method: verb }]
  }
  const bytes = file === 'picture' ? picture : Buffer.from('This is no picture')
  const sent: RequestInit =
    as === 'form' ? form(bytes) : { headers: { 'content-type': 'image/png' }, body: new Uint8Array(bytes) }
  return [url, { ...sent, method: verb }]
}
