import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A plain HTTP server of a test. Disposal ends it and every connection to it. */
export type LoopbackServer = { readonly origin: string } & Disposable

/** Starts a server on a free port of the loopback that answers as told. */
export async function openLoopbackServer(answer: RequestListener): Promise<LoopbackServer> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}
