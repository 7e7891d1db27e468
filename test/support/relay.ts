import { request } from 'node:http'
import { openLoopbackServer } from './listen.ts'

/** What becomes of an exchange that a relay loses: the target never hears of it, or its answer is not passed on. */
export type Loss = 'request' | 'answer'

/** A reverse proxy before a service, as a caller over a bad network has it. Disposal ends it. */
export interface Relay extends Disposable {
  /** Without a trailing slash. */
  readonly origin: string
  /** The next exchanges to lose, in order; the caller is told 503. Changed at will. */
  readonly losses: Loss[]
  /** The path of each request and the status that its caller was told, in the order of the answers. */
  readonly answers: { readonly path: string; readonly status: number }[]
}

/** Starts a relay that passes everything on, as it comes, but for what it is told to lose. */
export async function openRelay(target: string): Promise<Relay> {
  const losses: Loss[] = []
  const answers: { path: string; status: number }[] = []
  const server = await openLoopbackServer((incoming, outgoing) => {
    const path = new URL(incoming.url ?? '/', target).pathname
    const loss = losses.shift()
    outgoing.on('finish', () => answers.push({ path, status: outgoing.statusCode }))
    const lose = (): void => void outgoing.writeHead(503).end()
    if (loss === 'request') {
      incoming.resume().on('end', lose)
      return
    }
    const { method, headers } = incoming
    const passed = request(new URL(incoming.url ?? '/', target), { method, headers }, (answer) => {
      if (loss === 'answer') answer.resume().on('end', lose)
      else answer.pipe(outgoing.writeHead(answer.statusCode ?? 502, answer.headers))
    })
    passed.on('error', () => outgoing.destroy())
    incoming.pipe(passed)
  })
  return { origin: server.origin, losses, answers, [Symbol.dispose]: () => server[Symbol.dispose]() }
}
