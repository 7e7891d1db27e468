import { describe, expect, it } from 'vitest'
import { timeOfPost } from './time-of-post.ts'

describe('timeOfPost', () => {
  it('reads the time out of a record key', () => {
    // From @atproto/common-web: TID.fromTime(1_700_000_000_123_000, 0).
    expect(timeOfPost('at://did:plc:a/app.bsky.feed.post/3ke6kg42c5s22')).toBe(1_700_000_000_123)
  })

  it('refuses a key that is no time', () => {
    expect(() => timeOfPost('at://did:plc:a/app.bsky.actor.profile/self')).toThrow('Expected a record key')
  })
})
