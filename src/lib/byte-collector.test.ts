import { describe, expect, it } from 'vitest'
import { ByteCollector } from './byte-collector.ts'

const piece = (from: number, length: number) => Uint8Array.from({ length }, (_, at) => (from + at) % 251)

describe('ByteCollector', () => {
  it.each([
    0, 1, 100_000, 250_000, 400_000,
  ])('holds pieces of any size in order, with room for %i', (room) => {
    const collector = new ByteCollector()
    const pieces = [piece(0, 1), piece(1, 70_000), piece(70_001, 0), piece(70_001, 180_000)]
    for (const one of pieces) {
      collector.append(one)
      collector.reserve(room)
    }
    expect(collector.length).toBe(250_001)
    expect(collector.bytes.equals(piece(0, 250_001))).toBe(true)
    expect(collector.take().equals(piece(0, 250_001))).toBe(true)
    expect([collector.length, collector.bytes.length]).toEqual([0, 0])
  })

  it('takes memory once for what is known to come', () => {
    const collector = new ByteCollector()
    collector.reserve(200_000)
    collector.append(piece(0, 10))
    const { buffer } = collector.bytes
    for (let at = 10; at < 200_000; at += 10) collector.append(piece(at, 10))
    expect(collector.bytes.buffer).toBe(buffer)
    expect(collector.bytes.equals(piece(0, 200_000))).toBe(true)
  })

  it('leaves what was taken as it was', () => {
    const collector = new ByteCollector()
    collector.append(piece(0, 100))
    const taken = collector.take()
    collector.append(piece(50, 100))
    expect(taken.equals(piece(0, 100))).toBe(true)
  })
})
