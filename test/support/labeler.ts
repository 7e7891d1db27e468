/**
 * A labeler that a test scripts: a `did:web` with its document, its stream and its key, speaking real bytes and sharing no
 * code with what reads it. For what no real labeler does on demand: bad signatures, another's labels, lost databases.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Secp256k1Keypair } from '@atproto/crypto'
import { encode, type LexValue } from '@atproto/lex-cbor'
import { type WebSocket, WebSocketServer } from 'ws'

/** What a test says of a label; the labeler fills in the rest and signs. */
export type LabelFields = {
  readonly uri: string
  readonly val?: string
  readonly cid?: string
  readonly neg?: boolean
  readonly cts?: string
  readonly exp?: string
  readonly src?: string
}

/** A labeler of a test. Disposal ends it and every connection to it. */
export interface ScriptedLabeler extends AsyncDisposable {
  readonly did: string
  /** `http://localhost:…`. */
  readonly origin: string
  /** The key that its document names at first: `did:key:z…`. */
  readonly didKey: string
  /** The cursor of every connection so far, as it was asked for. */
  readonly cursors: readonly (string | null)[]
  /** How often its DID document was asked for. */
  readonly documentsServed: number
  /** Signs a label with the labeler's key, or with another. */
  sign(fields: LabelFields, key?: Secp256k1Keypair): Promise<LexValue>
  /** Puts a frame with these labels on the stream, for those who are connected and those to come. Returns its seq. */
  publish(...labels: readonly LexValue[]): number
  /** Signs the labels and publishes them, a frame each. */
  publishEach(labels: readonly LabelFields[]): Promise<void>
  /** Puts any bytes, or a text, where the next frame would be. */
  publishRaw(frame: Uint8Array | string): void
  /** Numbers the next frame so. */
  skipTo(seq: number): void
  /** Loses all frames, and numbers from 1 again. */
  loseDatabase(): void
  /** Signs with a new key from now on; the document names it unless told. */
  rotateKey(options?: { readonly isDeclared: boolean }): Promise<void>
  /** What the document has in place of a key or an endpoint; `{}` for a document without either. */
  document: object | undefined
  /** Answers every attempt to connect in place of the stream, while it is set. */
  onConnect: ((socket: WebSocket) => void) | undefined
  /** Ends every connection without a word. */
  disconnectAll(): void
}

const path = '/xrpc/com.atproto.label.subscribeLabels'

/** Starts a labeler on a free port of the loopback; it labels as `as` when an account declares it. */
export async function openScriptedLabeler({ as }: { readonly as?: string } = {}): Promise<ScriptedLabeler> {
  let key = await Secp256k1Keypair.create()
  let declaredKey = key.did()
  let frames: { readonly seq: number; readonly bytes: Uint8Array | string }[] = []
  let nextSeq = 1
  let documentsServed = 0
  const cursors: (string | null)[] = []
  const server = createServer((request, response) => {
    const isDocument = request.url === '/.well-known/did.json'
    if (isDocument) documentsServed++
    response.writeHead(isDocument ? 200 : 404)
    response.end(isDocument ? JSON.stringify(labeler.document ?? document()) : undefined)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const [did, origin] = [as ?? `did:web:localhost%3A${port}`, `http://localhost:${port}`]
  const sockets = new WebSocketServer({ server, path })
  sockets.on('connection', (socket, request) => accept(socket, request))

  function document(): object {
    const method = {
      type: 'Multikey',
      controller: did,
      publicKeyMultibase: declaredKey.slice('did:key:'.length),
    }
    return {
      id: did,
      verificationMethod: [{ id: `${did}#atproto_label`, ...method }],
      service: [{ id: '#atproto_labeler', type: 'AtprotoLabeler', serviceEndpoint: origin }],
    }
  }

  function accept(socket: WebSocket, { url = '' }: IncomingMessage): void {
    const cursor = new URL(url, origin).searchParams.get('cursor')
    cursors.push(cursor)
    if (labeler.onConnect) return labeler.onConnect(socket)
    const after = Number(cursor ?? nextSeq - 1)
    if (after >= nextSeq) {
      socket.send(frameOf({ op: -1 }, { error: 'FutureCursor', message: 'too high' }))
      return socket.close(1008)
    }
    for (const { seq, bytes } of frames) if (seq > after) socket.send(bytes)
  }

  function put(bytes: Uint8Array | string): number {
    const seq = nextSeq++
    frames.push({ seq, bytes })
    for (const socket of sockets.clients) socket.send(bytes)
    return seq
  }

  const labeler: ScriptedLabeler = {
    did,
    origin,
    didKey: key.did(),
    cursors,
    get documentsServed() {
      return documentsServed
    },
    async sign({ val = 'spam', cts = '2026-01-01T00:00:00.000Z', ...rest }, signer = key) {
      const unsigned = { ver: 1, src: did, val, cts, ...rest }
      return { ...unsigned, sig: await signer.sign(encode(unsigned)) }
    },
    publish: (...labels) => put(frameOf({ op: 1, t: '#labels' }, { seq: nextSeq, labels: [...labels] })),
    async publishEach(labels) {
      for (const fields of labels) labeler.publish(await labeler.sign(fields))
    },
    publishRaw: (frame) => void put(frame),
    skipTo(seq) {
      nextSeq = seq
    },
    loseDatabase() {
      frames = []
      nextSeq = 1
    },
    async rotateKey({ isDeclared } = { isDeclared: true }) {
      key = await Secp256k1Keypair.create()
      if (isDeclared) declaredKey = key.did()
    },
    document: undefined,
    onConnect: undefined,
    disconnectAll() {
      for (const socket of sockets.clients) socket.terminate()
    },
    async [Symbol.asyncDispose]() {
      labeler.disconnectAll()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return labeler
}

/** The bytes of a frame: header and body. */
export function frameOf(header: LexValue, body: LexValue): Uint8Array {
  return Buffer.concat([encode(header), encode(body)])
}
