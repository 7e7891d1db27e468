import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A PLC directory that runs in this process. */
export interface PlcDirectory extends AsyncDisposable {
  /** Without a trailing slash. */
  readonly url: string
}

/** Starts the reference PLC directory on a free loopback port; its operations live in memory and die with it. */
export async function openPlc(): Promise<PlcDirectory> {
  // A bundle of 3 MB: loaded only by who opens a directory.
  const { PlcServer, MockDatabase } = await import('@did-plc/server')
  const plc = PlcServer.create({ db: new MockDatabase() })
  const server = createServer(plc.app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
