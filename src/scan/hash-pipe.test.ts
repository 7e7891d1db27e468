import { describe, expect, it } from 'vitest'
import type { HashReply } from './hash-message.ts'
import { createReplyReader, encodeReply } from './hash-pipe.ts'

const replies: readonly HashReply[] = [
  { kind: 'ready' },
  { kind: 'failed', message: 'öäü '.repeat(100) },
  { kind: 'recalled' },
]

describe('createReplyReader', () => {
  it.each([1, 2, 3, 7, 64, 100_000])('reads answers that arrive %i bytes at a time', (size) => {
    const read: unknown[] = []
    const reader = createReplyReader((message) => read.push(message))
    const bytes = Buffer.concat(replies.map(encodeReply))
    for (let at = 0; at < bytes.length; at += size) reader(bytes.subarray(at, at + size))
    expect(read).toEqual(replies)
  })

  it('hands on what is no JSON as no message, and reads on', () => {
    const read: unknown[] = []
    const reader = createReplyReader((message) => read.push(message))
    reader(Buffer.from([3, 0, 0, 0, 0x7b, 0x7b, 0x7b]))
    reader(encodeReply({ kind: 'ready' }))
    expect(read).toEqual([undefined, { kind: 'ready' }])
  })

  it('refuses an answer that is too long before it is there, and then reads nothing more', () => {
    const read: unknown[] = []
    const reader = createReplyReader((message) => read.push(message))
    reader(Buffer.from([0xff, 0xff, 0xff, 0x7f]))
    for (const reply of replies) reader(encodeReply(reply))
    expect(read).toEqual([undefined])
  })
})
