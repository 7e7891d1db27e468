import { encode } from '@atproto/lex-cbor'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isCborDeeperThan } from './cbor-depth.ts'

describe('isCborDeeperThan', () => {
  it('agrees with a walk of the decoded value, whatever it holds', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 6 },
        fc.maxSafeInteger(),
        fc.string({ maxLength: 300 }),
        fc.boolean(),
        fc.uint8Array({ maxLength: 300 }),
        fc.array(tie('any'), { maxLength: 30 }),
        fc.dictionary(fc.string(), tie('any'), { maxKeys: 30, noNullPrototype: true }),
      ),
    })).any
    let deepest = 0
    fc.assert(
      fc.property(value, (item) => {
        const depth = depthOf(item)
        deepest = Math.max(deepest, depth)
        const bytes = encode(item as never)
        expect(isCborDeeperThan(bytes, depth)).toBe(false)
        if (depth > 0) expect(isCborDeeperThan(bytes, depth - 1)).toBe(true)
        expect(isCborDeeperThan(Buffer.concat([encode('before'), bytes]), depth)).toBe(false)
      }),
    )
    expect(deepest).toBeGreaterThan(2)
  })

  it('stops a bomb that would exhaust a recursive reader: arrays, maps, tags', () => {
    expect(isCborDeeperThan(Buffer.alloc(4_000_000, 0x81), 16)).toBe(true)
    expect(isCborDeeperThan(Buffer.alloc(4_000_000, 0xc1), 16)).toBe(true)
    expect(isCborDeeperThan(Buffer.from('a16161'.repeat(100_000), 'hex'), 16)).toBe(true)
  })

  it('leaves bytes that are no CBOR to the decoder', () => {
    for (const hex of ['', 'ff', '9f', '5b', '5bffffffffffffffff', '1b00']) {
      expect(isCborDeeperThan(Buffer.from(hex, 'hex'), 16), hex).toBe(false)
    }
  })
})

/** Containers that hold something count, each inside another. */
function depthOf(value: unknown): number {
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return 0
  const children = Object.values(value)
  return children.length === 0 ? 0 : 1 + Math.max(...children.map(depthOf))
}
