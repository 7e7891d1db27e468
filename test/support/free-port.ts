import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** Returns a loopback port that is free now: for servers that must know their port before they listen. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
