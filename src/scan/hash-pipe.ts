/*
 * How the pool and a decoder process speak: one socket, file descriptor `pipeFd` of the child, both ways. A request is two
 * lengths, the plan as JSON and the bytes of the image as they are; a request without a plan takes the last one back. An
 * answer is a length and a little JSON. Requests are answered in their order.
 */
import { Socket } from 'node:net'
import type { HashPlan } from '../model/hash-plan.ts'
import type { HashReply, HashRequest } from './hash-message.ts'

/** The file descriptor of the pipe in the child. */
export const pipeFd = 3
/** How many images a child holds: the one that it works on, and the next. */
export const pipeDepth = 2

/** The longest answer that is read, in bytes: some 1,500 hashes. */
const maxReplyBytes = 256 * 1024
const requestHeadBytes = 8
const replyHeadBytes = 4

/** Returns what goes before the bytes of an image of a size. */
export function encodeRequestHead(plan: HashPlan, imageBytes: number): Buffer {
  const json = Buffer.from(JSON.stringify(plan))
  const head = Buffer.allocUnsafe(requestHeadBytes + json.length)
  head.writeUInt32LE(json.length, 0)
  head.writeUInt32LE(imageBytes, 4)
  head.set(json, requestHeadBytes)
  return head
}

/** Returns the frame that takes the newest request back, should it not have begun. */
export function encodeRecall(): Buffer {
  return Buffer.alloc(requestHeadBytes)
}

/** Returns an answer as it is sent. */
export function encodeReply(reply: HashReply): Buffer {
  const json = Buffer.from(JSON.stringify(reply))
  const head = Buffer.allocUnsafe(replyHeadBytes)
  head.writeUInt32LE(json.length, 0)
  return Buffer.concat([head, json])
}

/**
 * Returns a function that takes the bytes which a child sends, in pieces of any size, and hands on each message, not yet
 * validated; `undefined` stands for what is no message. It holds at most one answer of bounded size: after one that is
 * too long it hands on nothing more.
 */
export function createReplyReader(onMessage: (message: unknown) => void): (chunk: Buffer) => void {
  let unread: Buffer = Buffer.alloc(0)
  let isBroken = false

  return (chunk) => {
    if (isBroken) return
    unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk])
    while (unread.length >= replyHeadBytes) {
      const end = replyHeadBytes + unread.readUInt32LE(0)
      if (end > maxReplyBytes) {
        isBroken = true
        unread = Buffer.alloc(0)
        onMessage(undefined)
        return
      }
      if (unread.length < end) return
      const text = unread.toString('utf8', replyHeadBytes, end)
      unread = unread.subarray(end)
      onMessage(parseJson(text))
    }
  }
}

/** What the child's end of the pipe tells. */
export type RequestListener = {
  /** An image has arrived whole. Its bytes are the reader's own memory: they stay until they are given to `release`. */
  onRequest(request: HashRequest): void
  /** The newest request is wanted no more. */
  onRecall(): void
  /** The other end is gone. */
  onEnd(): void
}

/** The child's end of the pipe. */
export interface RequestPipe {
  send(reply: HashReply): void
  /** Takes back the memory of a request's bytes. */
  release(bytes: Uint8Array): void
}

/** Opens the child's end. Images are read from the socket straight into memory that is used again for later ones. */
export function openRequestPipe({ onRequest, onRecall, onEnd }: RequestListener): RequestPipe {
  const free = Array.from({ length: pipeDepth }, () => new ArrayBuffer(0))
  const head = Buffer.alloc(requestHeadBytes)
  let json: Buffer = head
  let image: Buffer = head
  let target: Buffer = head
  let filled = 0

  /** Takes note of bytes that have arrived, and says where the next ones belong: never an empty place. */
  function advance(count: number): void {
    filled += count
    while (filled === target.length) {
      filled = 0
      if (target === head) {
        json = Buffer.alloc(head.readUInt32LE(0))
        if (json.length === 0) onRecall()
        else target = json
      } else if (target === json) {
        target = image = takeMemory(head.readUInt32LE(4))
      } else {
        target = head
        onRequest({ bytes: image, plan: JSON.parse(json.toString()) as HashPlan })
      }
    }
  }

  /** @throws when more requests are under way than there may be. */
  function takeMemory(bytes: number): Buffer {
    const memory = free.pop()
    if (!memory) throw new Error(`Expected at most ${pipeDepth} images at once but received one more`)
    const isEnough = memory.byteLength >= bytes
    return Buffer.from(isEnough ? memory : new ArrayBuffer(Math.max(2 ** 18, bytes + (bytes >> 2))), 0, bytes)
  }

  const socket = new Socket({
    fd: pipeFd,
    onread: {
      buffer: () => target.subarray(filled),
      callback(count) {
        advance(count)
        return true
      },
    },
  })
  socket.on('end', onEnd).on('error', onEnd)
  return {
    send: (reply) => void socket.write(encodeReply(reply)),
    release: (bytes) => void free.push(bytes.buffer as ArrayBuffer),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not ours to repair: a child that says this is replaced.
    return undefined
  }
}
