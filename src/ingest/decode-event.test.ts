import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeEvent } from './decode-event.ts'

const host = 'wss://jetstream.example'
const did = 'did:plc:44ybard66vv44zksje25o7dz'
const cid = 'bafyreibqzwyljauexe3j6stwnh6t2g2lgxbywxpyzi62w7oja6lashcv34'
const place = { rev: '3m2vihxvkok2a', collection: 'app.bsky.feed.post', rkey: '3m2vihxv5yc2a' }
const uri = `at://${did}/app.bsky.feed.post/3m2vihxv5yc2a`
const record = { $type: 'app.bsky.feed.post', text: 'hello' }
const create = commit({ ...place, operation: 'create', cid, record })

describe('decodeEvent', () => {
  it('reads a create with its record, its version and our place in the stream', () => {
    expect(decodeEvent({ ...create, cursor: 7 }, host)).toEqual({
      kind: 'event',
      key: `create ${uri} 3m2vihxvkok2a`,
      event: {
        kind: 'commit',
        operation: 'create',
        did,
        uri,
        recordCid: cid,
        record,
        cursor: { host, timeUs: 1_790_000_000_000_000, seq: 7 },
      },
    })
  })

  it('reads a delete, which has neither record nor CID', () => {
    const decoded = decodeEvent(commit({ ...place, operation: 'delete' }), host)
    expect(decoded).toMatchObject({ kind: 'event', event: { kind: 'commit', operation: 'delete', uri } })
  })

  it('reads account events by whether the account is active, and identity events', () => {
    const account = message({ kind: 'account', account: { did, active: false, seq: 4, time: 'T' } })
    expect(decodeEvent(account, host)).toMatchObject({ event: { kind: 'account', did, isActive: false } })
    const identity = message({ kind: 'identity', identity: { did, seq: 5, time: 'T' } })
    expect(decodeEvent(identity, host)).toMatchObject({ event: { kind: 'identity', did } })
  })

  it('gives one event the same key on every host, and each event its own', () => {
    const keyOf = (text: unknown, from: string): string => {
      const decoded = decodeEvent(text, from)
      return decoded.kind === 'event' ? decoded.key : 'none'
    }
    const account = (active: boolean, seq?: number) =>
      message({ kind: 'account', account: { did, active, ...(seq === undefined ? {} : { seq }) } })
    expect(keyOf({ ...create, time_us: 5 }, 'wss://other.example')).toBe(keyOf(create, host))
    expect(keyOf(account(true, 1), 'wss://other.example')).toBe(keyOf(account(true, 1), host))
    const all = [create, account(true, 1), account(true, 2), account(false, 2), account(true)]
    expect(new Set(all.map((each) => keyOf(each, host))).size).toBe(all.length)
    expect(keyOf(account(true), 'wss://other.example')).not.toBe(keyOf(account(true), host))
  })

  it.each([
    ['malformed-event', 'no object', [create]],
    ['malformed-event', 'no time', { ...create, time_us: undefined }],
    ['malformed-event', 'a time that is a fraction', { ...create, time_us: 1.5 }],
    ['malformed-event', 'a negative cursor', { ...create, cursor: -1 }],
    ['malformed-event', 'a cursor that is text', { ...create, cursor: '7' }],
    ['malformed-event', 'no kind', { ...create, kind: undefined }],
    ['unknown-kind', 'a kind from the future', { ...create, kind: 'sync' }],
    ['bad-did', 'no account', { ...create, did: undefined }],
    ['bad-did', 'a handle for an account', { ...create, did: 'alice.example' }],
    ['malformed-event', 'no commit', { ...create, commit: null }],
    ['malformed-event', 'an operation from the future', commit({ ...create.commit, operation: 'merge' })],
    ['malformed-event', 'no rev', commit({ ...create.commit, rev: undefined })],
    ['malformed-event', 'a rev without end', commit({ ...create.commit, rev: 'a'.repeat(65) })],
    ['malformed-event', 'no record', commit({ ...create.commit, record: undefined })],
    ['malformed-event', 'an account event without its state', message({ kind: 'account', account: { did } })],
    ['malformed-event', 'an identity event without its body', message({ kind: 'identity' })],
    ['bad-record-key', 'a collection that is no NSID', commit({ ...create.commit, collection: 'posts' })],
    ['bad-record-key', 'a collection with a path in it', commit({ ...create.commit, collection: 'a.b.c/d' })],
    ['bad-record-key', 'a record key with a fragment', commit({ ...create.commit, rkey: 'x#/y' })],
    ['bad-record-key', 'a record key that climbs', commit({ ...create.commit, rkey: '..' })],
    ['bad-record-cid', 'no CID', commit({ ...create.commit, cid: undefined })],
    ['bad-record-cid', 'text for a CID', commit({ ...create.commit, cid: 'bafynot' })],
  ])('drops as %s a message with %s', (reason, _what, value) => {
    expect(decodeEvent(value, host)).toEqual({ kind: 'drop', reason })
  })

  it('answers any JSON without throwing, and any change to a good message', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void decodeEvent(value, host)))
    const field = fc.constantFrom('did', 'time_us', 'kind', 'cursor', 'commit')
    fc.assert(
      fc.property(
        field,
        fc.jsonValue(),
        (name, value) => void decodeEvent({ ...create, [name]: value }, host),
      ),
    )
    const inner = fc.constantFrom('rev', 'operation', 'collection', 'rkey', 'cid', 'record')
    let events = 0
    fc.assert(
      fc.property(inner, fc.jsonValue(), (name, value) => {
        if (decodeEvent(commit({ ...create.commit, [name]: value }), host).kind === 'event') events++
      }),
    )
    expect(events).toBeGreaterThan(0)
  })
})

function message<Rest extends object>(rest: Rest) {
  return { did, time_us: 1_790_000_000_000_000, ...rest }
}

function commit<Commit extends object>(change: Commit) {
  return message({ kind: 'commit', commit: change })
}
