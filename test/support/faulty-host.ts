import type { IncomingMessage, ServerResponse } from 'node:http'
import { openLoopbackServer } from './listen.ts'
import type { Network } from './network.ts'

/** What is answered in place of the PDS; undefined passes the question on. `count` is how often that was asked, from 1. */
export type HostFault = (
  url: URL,
  count: number,
) =>
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  | undefined

/** A PDS whose answers can be spoiled, and the directory in whose documents it stands. */
export type FaultyHost = Disposable & {
  readonly origin: string
  /** The paths and queries that were asked of the PDS, oldest first. */
  readonly asked: readonly URL[]
  fault: HostFault
  /** Called with what the real PDS answered; returns what goes on instead. */
  spoil: (url: URL, answer: Record<string, unknown>) => Record<string, unknown>
}

/** Opens a host before the network's PDS that is also its directory: documents name the host as the accounts' PDS. */
export async function openFaultyHost(network: Pick<Network, 'pdsUrl' | 'plcUrl'>): Promise<FaultyHost> {
  const asked: URL[] = []
  const server = await openLoopbackServer((request, response) => void answer(request, response))
  const origin = server.origin.replace('127.0.0.1', 'localhost')
  const host: FaultyHost = {
    origin,
    asked,
    fault: () => undefined,
    spoil: (_, found) => found,
    [Symbol.dispose]: () => server[Symbol.dispose](),
  }
  return host

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', origin)
    if (!url.pathname.startsWith('/xrpc/')) {
      const text = await (await fetch(new URL(url.pathname, network.plcUrl))).text()
      response.end(text.replaceAll(network.pdsUrl, origin))
      return
    }
    asked.push(url)
    const fault = host.fault(url, asked.filter(({ href }) => href === url.href).length)
    if (fault) {
      response.writeHead(fault.status, fault.headers).end(JSON.stringify(fault.body ?? {}))
      return
    }
    const found = await fetch(new URL(url.pathname + url.search, network.pdsUrl))
    response.writeHead(found.status, { 'content-type': found.headers.get('content-type') ?? '' })
    const isList = found.ok && url.pathname.endsWith('.listRecords')
    if (!isList) response.end(Buffer.from(await found.arrayBuffer()))
    else response.end(JSON.stringify(host.spoil(url, (await found.json()) as Record<string, unknown>)))
  }
}
