import { describe, expect, it } from 'vitest'
import { subscribeUrl } from './subscribe-url.ts'

const host = 'wss://one.example'
const options = { wantedCollections: [], maxFrameBytes: 1_000, rewindMs: 5_000 }
const cursorFor = (at: string, timeUs: number, seq?: number) =>
  subscribeUrl(at, { host, timeUs, seq }, options).searchParams.get('cursor')

describe('subscribeUrl', () => {
  it('asks for the collections and for no frame beyond the limit', () => {
    const url = subscribeUrl(host, undefined, {
      ...options,
      wantedCollections: ['app.bsky.feed.post', 'org.example.*'],
    })
    expect(url.href).toBe(
      'wss://one.example/subscribe?wantedCollections=app.bsky.feed.post&wantedCollections=org.example.*&maxMessageSizeBytes=1000',
    )
  })

  it('resumes by number on a host that numbers its events, and by time on one that does not', () => {
    expect(cursorFor(host, 1_790_000_000_000_000, 42)).toBe('42')
    expect(cursorFor(host, 1_790_000_000_000_000)).toBe('1790000000000000')
  })

  it('resumes by an earlier time on another host, whose clock and numbers differ', () => {
    expect(cursorFor('wss://two.example', 1_790_000_000_000_000, 42)).toBe('1789999995000000')
  })

  it('begins with the oldest event for cursor 0, and never before', () => {
    expect(cursorFor(host, 0)).toBe('0')
    expect(cursorFor('wss://two.example', 3)).toBe('0')
  })
})
