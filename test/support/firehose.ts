import { decodeAll } from '@atproto/lex-cbor'
import { type Cid, type LexValue } from '@atproto/lex-data'
import { lexToJson } from '@atproto/lex-json'
import { type BlockMap, readCar } from '@atproto/repo'
import { WebSocket } from 'ws'
import type { JetstreamInput } from './jetstream.ts'

/** A running reader of one PDS's firehose. Disposal rejects when a message could not be turned into events. */
export type FirehoseFollower = AsyncDisposable

type Header = { readonly op: number; readonly t?: string }
type Operation = {
  readonly action: 'create' | 'update' | 'delete'
  readonly path: string
  readonly cid: Cid | null
}
type Commit = {
  readonly repo: string
  readonly rev: string
  readonly ops: readonly Operation[]
  readonly blocks: Uint8Array
}
type Identity = { readonly did: string; readonly handle?: string }
type Account = { readonly did: string; readonly active: boolean; readonly status?: string }

/**
 * Reads `com.atproto.sync.subscribeRepos` of a PDS from its beginning and hands on each event as Jetstream would say
 * it, in order. Resolves once connected.
 */
export async function followFirehose(
  pdsUrl: string,
  publish: (event: JetstreamInput) => void,
): Promise<FirehoseFollower> {
  const url = new URL('/xrpc/com.atproto.sync.subscribeRepos?cursor=0', pdsUrl.replace(/^http/, 'ws'))
  const socket = new WebSocket(url)
  let failure: Error | undefined
  // Reading a CAR is asynchronous: each message waits for the one before it, so that order holds.
  let queue = Promise.resolve()
  const fail = (error: Error) => {
    failure ??= error
    socket.terminate()
  }
  socket.on('message', (data: Buffer) => {
    queue = queue.then(async () => {
      for (const event of await eventsOf(data)) publish(event)
    })
    queue.catch(fail)
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  socket.on('error', fail)
  return {
    async [Symbol.asyncDispose]() {
      socket.terminate()
      await queue.catch(fail)
      if (failure) throw failure
    },
  }
}

async function eventsOf(frame: Uint8Array): Promise<readonly JetstreamInput[]> {
  const [header, body] = [...decodeAll(frame)] as unknown as [Header, unknown]
  if (header.op !== 1) throw new Error(`Expected a firehose message but received ${JSON.stringify(body)}`)
  if (header.t === '#commit') return commitEvents(body as Commit)
  if (header.t === '#identity') {
    const { did, handle } = body as Identity
    return [{ kind: 'identity', did, identity: { did, ...(handle === undefined ? {} : { handle }) } }]
  }
  if (header.t === '#account') {
    const { did, active, status } = body as Account
    return [{ kind: 'account', did, account: { did, active, ...(status === undefined ? {} : { status }) } }]
  }
  return []
}

async function commitEvents({ repo, rev, ops, blocks }: Commit): Promise<readonly JetstreamInput[]> {
  const car = await readCar(blocks)
  return ops.map((op) => {
    const [collection = '', rkey = ''] = op.path.split('/')
    const place = { rev, operation: op.action, collection, rkey }
    if (op.action === 'delete' || op.cid === null) return { kind: 'commit', did: repo, commit: place }
    const record = recordOf(car.blocks, op.cid)
    return { kind: 'commit', did: repo, commit: { ...place, cid: op.cid.toString(), record } }
  })
}

function recordOf(blocks: BlockMap, cid: Cid): unknown {
  const bytes = blocks.get(cid)
  if (!bytes) throw new Error(`Expected record ${cid.toString()} in its commit but received other blocks`)
  const [record] = [...decodeAll(bytes)]
  return lexToJson(record as LexValue)
}
