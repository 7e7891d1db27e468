import { describe, expect, it } from 'vitest'
import { coversPlan, type HashPlan } from './hash-plan.ts'

const plan: HashPlan = {
  profiles: ['reference-512'],
  isOriented: false,
  isFlattened: false,
  frames: 1,
  isTurned: false,
  hasSha1: false,
}

describe('coversPlan', () => {
  it('asks for a new look when a SHA-1 is wanted that was not made, and for none when one was made in vain', () => {
    expect(coversPlan(plan, { ...plan, hasSha1: true })).toBe(false)
    expect(coversPlan({ ...plan, hasSha1: true }, plan)).toBe(true)
    expect(coversPlan({ ...plan, hasSha1: true }, { ...plan, hasSha1: true })).toBe(true)
  })
})
