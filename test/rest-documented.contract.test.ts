import { createHmac } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Operation, RequestExample } from '../src/http/rest/operation.ts'
import { operationsFor } from '../src/http/rest/operations.ts'
import { type Circumstance, sharedErrorsOf } from '../src/http/rest/shared-errors.ts'
import { apiScopes } from '../src/model/api-key.ts'
import { openTestHttp, type TestHttp, testRestOptions } from './support/http-fixture.ts'
import { drawLandscape } from './support/images.ts'
import { type LoopbackServer, openLoopbackServer } from './support/listen.ts'
import {
  addDelivery,
  addReview,
  call,
  openRestService,
  type RestAnswer,
  type RestService,
  requestOf,
} from './support/rest-client.ts'

const secret = 'secret-of-the-webhooks'
const operations = operationsFor({ hasWebhooks: true })
const maxImageBytes = 500_000

type Response = { readonly content: Readonly<Record<string, { readonly schema: object }>> }
type Document = {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Response>> }>>>
  >
  readonly components: { readonly schemas: { readonly Problem: object } }
}

describe('every answer that OpenAPI documents', () => {
  const stack = new AsyncDisposableStack()
  let service: RestService
  /** The same routes over services that never answer, in little time. */
  let slow: TestHttp
  /** The same routes without a place for an image. */
  let full: TestHttp
  let images: LoopbackServer
  let picture: Buffer
  let key: string
  let document: Document

  beforeAll(async () => {
    picture = await drawLandscape(2, { width: 160, height: 120 })
    images = stack.use(
      await openLoopbackServer((request, response) => {
        if (request.url === '/image.jpg') response.end(picture)
        else response.writeHead(404).end()
      }),
    )
    service = stack.use(
      await openRestService(picture, {
        HARRIER_ALLOW_PRIVATE_ORIGINS: images.origin,
        HARRIER_MAX_BLOB_BYTES: String(maxImageBytes),
        HARRIER_WEBHOOKS: 'signed',
        HARRIER_WEBHOOK_SECRET: secret,
      }),
    )
    key = await service.makeKey()
    await addDelivery(service)
    await addReview(service)
    const never = (_: unknown, signal: AbortSignal) =>
      new Promise<never>((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      )
    const rest = {
      authorize: async () => ({
        key: { id: 1, scopes: apiScopes },
        limit: { points: 1, periodMs: 1000, remaining: 1, resetAt: 0 },
      }),
      hash: never,
      fetchImage: never,
      curator: () => ({ findBank: async () => ({ id: 1, name: 'known' }) }),
    }
    const open = async (more: object) =>
      stack.use(
        await openTestHttp(
          { rest: rest as never },
          { rest: { ...testRestOptions, hasWebhooks: true, ...more } },
        ),
      )
    slow = await open({ bodyTimeoutMs: 300, answerTimeoutMs: 300 })
    full = await open({ maxImagesAtOnce: 0 })
    document = (await call(`${service.url}/openapi.json`, undefined)).json as never
  })
  afterAll(() => stack.disposeAsync())

  /** Sends a request to an operation, with a key or a signature, as it wants. */
  const send = async (
    operation: Operation,
    request: RequestExample,
    { by = key, headers = {}, at = service.url, isSigned = true }: Sending = {},
  ): Promise<RestAnswer> => {
    const [url, init] = requestOf(at, operation, request, { picture, images: images.origin })
    const all = new Headers({ ...(init.headers as Record<string, string>), ...headers })
    if (operation.scope !== 'webhook') return await call(url, by, { ...init, headers: all })
    if (isSigned && typeof init.body === 'string') all.set('x-hma-signature', signatureOf(init.body))
    return await call(url, undefined, { ...init, headers: all })
  }

  const firstOf = ({ examples }: Operation): RequestExample => examples[0]?.request ?? {}
  const sendRaw = (operation: Operation, contentType: string, text: string, headers = {}) =>
    send(operation, { ...firstOf(operation), raw: { contentType, text } }, { headers })
  const heavyOf = ({ examples, fetchesImage }: Operation): RequestExample =>
    examples.find(({ request }) => fetchesImage === true || request.file !== undefined)?.request ?? {}

  /** How each circumstance comes about; a circumstance without an entry does not compile. */
  const provoke: Readonly<Record<Circumstance, (operation: Operation) => Promise<RestAnswer>>> = {
    'no-key': (operation) => {
      const [url, init] = requestOf(service.url, operation, firstOf(operation), { picture, images: '' })
      return call(url, undefined, init)
    },
    'other-scope': async (operation) => {
      const others = apiScopes.filter((scope) => scope !== operation.scope)
      return await send(operation, firstOf(operation), { by: await service.makeKey(others) })
    },
    'rate-spent': async (operation) => {
      const spent = await service.makeKey(apiScopes, 1)
      await send(operation, firstOf(operation), { by: spent })
      const answer = await send(operation, firstOf(operation), { by: spent })
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
      return answer
    },
    'not-signed': (operation) => send(operation, firstOf(operation), { isSigned: false }),
    'sent-before': async (operation) => {
      const request = { json: { ...(firstOf(operation).json as object), sent_twice_to: operation.id } }
      expect((await send(operation, request)).status).toBe(200)
      return await send(operation, request)
    },
    'no-json': (operation) => sendRaw(operation, 'application/json', '{'),
    'other-shape': (operation) => sendRaw(operation, 'application/json', '7'),
    'broken-form': (operation) =>
      sendRaw(operation, 'multipart/form-data; boundary=x', '--x\r\nContent-Disp'),
    'other-type': (operation) => sendRaw(operation, 'text/plain', '{}'),
    compressed: (operation) => sendRaw(operation, 'application/json', '{}', { 'content-encoding': 'gzip' }),
    'too-large': (operation) => {
      const max = operation.json?.maxBytes({ ...testRestOptions, maxImageBytes }) ?? maxImageBytes
      return sendRaw(operation, 'application/json', `"${'x'.repeat(max)}"`)
    },
    'slow-body': (operation) => sendHalf(slow.public.port, operation),
    'no-place': (operation) => send(operation, heavyOf(operation), { at: full.public.url }),
    'slow-answer': (operation) => send(operation, heavyOf(operation), { at: slow.public.url }),
  }

  describe.each(operations)('of $method $path', (operation) => {
    const responses = () => document.paths[operation.path]?.[operation.method]?.responses ?? {}

    it.each(operation.examples)('has the documented form: $name', async ({ request }) => {
      const answer = await send(operation, request)
      const schema = responses()['200']?.content['application/json']?.schema
      expect([answer.status, schema]).toEqual([200, expect.any(Object)])
      expect(z.fromJSONSchema(schema as never).safeParse(answer.json).error?.issues).toBeUndefined()
    })

    it.each(operation.errors)('is refused as documented: $status $code, $when', async (error) => {
      expectProblem(await send(operation, error.request), error.status, error.code)
    })

    it.each(sharedErrorsOf(operation))('is refused as documented: $status $code, $when', async (error) => {
      expectProblem(await provoke[error.circumstance](operation), error.status, error.code)
    })

    it('is documented with those refusals, and no others', () => {
      const all = [...operation.errors, ...sharedErrorsOf(operation)]
      const statuses = new Set(['200', ...all.map(({ status }) => String(status))])
      expect(Object.keys(responses()).toSorted()).toEqual([...statuses].toSorted())
      for (const { status, code } of all) {
        const { description } = responses()[status] as unknown as { readonly description: string }
        expect(description).toContain(`${code}: `)
      }
    })
  })

  it('is of an operation that the document has', () => {
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    )
    // Those of one path stand together.
    const named = operations.map(({ method, path }) => `${method} ${path}`)
    expect(documented.toSorted()).toEqual(named.toSorted())
  })

  const expectProblem = (
    answer: Pick<RestAnswer, 'status' | 'type' | 'json'>,
    status: number,
    code: string,
  ) => {
    expect([answer.status, answer.json['code'], answer.json['status']]).toEqual([status, code, status])
    expect(answer.type).toMatch(/^application\/problem\+json/)
    const schema = z.fromJSONSchema(document.components.schemas.Problem as never)
    expect(schema.safeParse(answer.json).error?.issues).toBeUndefined()
    expect(schema.safeParse({ ...answer.json, status: 'x' }).success).toBe(false)
  }
})

type Sending = {
  readonly by?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly at?: string
  readonly isSigned?: boolean
}

function signatureOf(body: string): string {
  return createHmac('sha256', secret).update(body).digest('hex')
}

/** Sends the head of a request and half of its body, and returns the answer. */
async function sendHalf(port: number, { method, path }: Operation): Promise<RestAnswer> {
  const socket = connect(port, '127.0.0.1')
  socket.write(
    `${method.toUpperCase()} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"a`,
  )
  let text = ''
  for await (const piece of socket) text += String(piece)
  const [head = '', body = ''] = text.split('\r\n\r\n')
  return {
    status: Number(head.split(' ')[1]),
    headers: new Headers(),
    type: /content-type: (.*)/i.exec(head)?.[1] ?? '',
    json: JSON.parse(body) as Record<string, unknown>,
  }
}
