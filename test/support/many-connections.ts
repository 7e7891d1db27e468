/** Connections that ask, wait and dawdle, as many as a test or a benchmark wants. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long one that asks rests between two requests. */
const restMs = 200

/** Connections that are held. Disposal closes them, once what was asked is answered. */
export interface HeldConnections extends AsyncDisposable {
  /** How many are open now. */
  readonly open: number
  /** How many requests were answered so far. */
  readonly answered: number
}

/**
 * Opens four times `each` connections: some say nothing, some send half a request's head, some half its body, and some ask
 * for the service's health five times a second, each of which has to be answered.
 */
export async function holdConnections(url: string, key: string, each: number): Promise<HeldConnections> {
  const silent = await connectMany(url, each, '')
  const halfAsked = await connectMany(url, each, 'GET /xrpc/_health HTTP/1.1\r\nhost: x\r\n')
  const halfSent = await connectMany(
    url,
    each,
    `POST /api/v1/match HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{`,
  )
  const asking = await connectMany(url, each, '')
  const all = [...silent, ...halfAsked, ...halfSent, ...asking]
  let answered = 0
  const leaving = new AbortController()
  const askers = Promise.all(
    asking.map(async (socket) => {
      while (!leaving.signal.aborted) {
        socket.write('GET /xrpc/_health HTTP/1.1\r\nhost: x\r\n\r\n')
        const [answer] = (await once(socket, 'data')) as [string]
        if (!answer.startsWith('HTTP/1.1 200 ')) throw new Error(`Expected an answer but received ${answer}`)
        answered++
        await sleep(restMs)
      }
    }),
  )
  askers.catch(() => {})
  return {
    get open() {
      return all.filter((socket) => socket.readyState === 'open').length
    },
    get answered() {
      return answered
    },
    async [Symbol.asyncDispose]() {
      leaving.abort()
      await askers
      for (const socket of all) socket.destroy()
    },
  }
}

/** Opens connections, each of which sends the same beginning. */
async function connectMany(url: string, count: number, beginning: string): Promise<readonly Socket[]> {
  const { hostname, port } = new URL(url)
  const sockets = Array.from({ length: count }, () => connect(Number(port), hostname).setEncoding('latin1'))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  for (const socket of sockets) {
    // The service ends those that dawdle.
    socket.on('error', () => {})
    socket.write(beginning)
  }
  return sockets
}
