/** The service with its operator listener, as a client of Hasher-Matcher-Actioner meets it, and a web server with media. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { App } from '../../src/app.ts'
import type { Env } from '../../src/config/env.ts'
import { drawLandscape, recompress } from './images.ts'
import { type LoopbackServer, openLoopbackServer } from './listen.ts'
import { createServiceFolder, openService, type ServiceFolder } from './service.ts'

/** An answer as a client sees it. */
export type HmaAnswer = { readonly status: number; readonly json: unknown; readonly text: string }

/** A running service. */
export type Hma = AsyncDisposable & {
  readonly app: App
  readonly folder: ServiceFolder
  /** Every log line so far. */
  readonly lines: string[]
  get(path: string): Promise<HmaAnswer>
  /** Sends JSON. */
  send(method: string, path: string, body?: unknown): Promise<HmaAnswer>
  /** Sends a form whose fields are files where they are bytes. */
  upload(path: string, fields: Readonly<Record<string, Uint8Array | string>>): Promise<HmaAnswer>
  /** Sends whatever it is. */
  request(path: string, init: RequestInit): Promise<HmaAnswer>
}

/** Opens a service with nothing in it, which may fetch from `media`. It follows no stream. */
export async function openHma(media?: LoopbackServer, more: Env = {}): Promise<Hma> {
  const nobody = 'http://127.0.0.1:9'
  const network = {
    jetstreamUrl: 'ws://127.0.0.1:9/subscribe',
    plcUrl: nobody,
    pdsUrl: media?.origin ?? nobody,
  }
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(createServiceFolder(network, more))
  const lines: string[] = []
  const app = stack.use(await openService(folder, { lines }))
  const open = stack.move()
  const request = async (path: string, init: RequestInit): Promise<HmaAnswer> => {
    const response = await fetch(app.operatorUrl + path, { redirect: 'manual', ...init })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json')
    return { status: response.status, text, json: isJson ? (JSON.parse(text) as unknown) : undefined }
  }
  return {
    app,
    folder,
    lines,
    request,
    get: (path) => request(path, {}),
    send: (method, path, body) =>
      request(path, {
        method,
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      }),
    upload(path, fields) {
      const form = new FormData()
      for (const [name, value] of Object.entries(fields)) {
        if (typeof value === 'string') form.append(name, value)
        else form.append(name, new Blob([new Uint8Array(value)]), 'file')
      }
      return request(path, { method: 'POST', body: form })
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

/** Opens a web server with `/1.jpg` and so on, each another picture; and with things that are none. */
export function openMedia(): Promise<LoopbackServer> {
  const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
    '/page': (response) => response.setHeader('content-type', 'text/html').end('<p>'),
    '/broken.jpg': (response) => response.setHeader('content-type', 'image/jpeg').end('no picture'),
    '/clip.mp4': (response) => response.setHeader('content-type', 'video/mp4').end('a clip'),
    '/huge.jpg': (response) =>
      response.writeHead(200, { 'content-type': 'image/jpeg', 'content-length': '900000000' }).end('x'),
    '/endless.jpg': (response) => {
      response.setHeader('content-type', 'image/jpeg')
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      }
      response.on('drain', more)
      more()
    },
    '/to-private': (response) => response.writeHead(302, { location: 'http://127.0.0.1:8022/' }).end(),
    '/cut.jpg': (response) => {
      response.writeHead(200, { 'content-type': 'image/jpeg', 'content-length': '1000' }).write('half')
      setTimeout(() => response.destroy(), 20)
    },
  }
  const answer = async ({ url = '' }: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, seed, ending] = /^\/(\d+)\.(jpg|untyped)$/.exec(url) ?? []
    if (seed !== undefined) {
      if (ending === 'jpg') response.setHeader('content-type', 'image/jpeg')
      response.end(await picture(Number(seed)))
    } else (answers[url] ?? (() => response.writeHead(404).end()))(response)
  }
  return openLoopbackServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
}

const pictures = new Map<number, Promise<Buffer>>()

/** Returns a picture as an app would send it; the same for the same number. */
export function picture(seed: number): Promise<Buffer> {
  let known = pictures.get(seed)
  if (!known) pictures.set(seed, (known = drawLandscape(seed).then((bytes) => recompress(bytes, 85))))
  return known
}

/** Returns the Hamming distance of two hashes in hex. */
export function bitsApart(a: string, b: string): number {
  const differing = (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(2)
  return differing.replaceAll('0', '').length
}
