import { describe, expect, it } from 'vitest'
import { imageOf, matchOf, noHistory } from '../../test/support/builders.ts'
import { banksOfVainBlocks, type Policy } from '../model/policy.ts'
import { decideEffects } from './decide.ts'
import { findBlocked } from './decide-upload.ts'

const tiers = [
  { distance: 31, effects: [{ kind: 'label', val: 'known' }, { kind: 'review' }, { kind: 'block' }] },
] as const
const policyOf = (isTried: boolean): Policy => ({
  labels: ['known'],
  definitions: [],
  reports: {},
  banks: [
    { bank: 'tried', ...(isTried && { isDryRun: true as const }), tiers },
    { bank: 'live', tiers },
  ],
  otherBanks: [],
})
const nearer = matchOf({ bank: 'tried', bankId: 1, contentId: 1, distance: 0 })
const farther = matchOf({ bank: 'live', bankId: 2, contentId: 2, distance: 20 })
const decide = (matches: (typeof nearer)[], isTried: boolean) =>
  decideEffects({
    image: imageOf(),
    ...noHistory,
    matches,
    suppressed: [],
    policy: policyOf(isTried),
    now: '2026-01-02T00:00:00.000Z',
  })

describe('a bank that is only tried', () => {
  it('has its effects withheld, each with its match', () => {
    expect(decide([nearer], true)).toEqual([
      { kind: 'withheld', of: 'label', val: 'known', because: 'dry-run', match: nearer },
      { kind: 'withheld', of: 'review', val: 'reviews', because: 'dry-run', match: nearer },
    ])
    expect(decide([nearer], false).map(({ kind }) => kind)).toEqual(['label', 'review'])
  })

  it('keeps no other bank from doing the same, however near its own match is', () => {
    const effects = decide([nearer, farther], true)
    expect(effects.map(({ kind, match }) => [kind, match?.bank])).toEqual([
      ['label', 'live'],
      ['review', 'live'],
    ])
    expect(decide([nearer, farther], false).map(({ match }) => match?.bank)).toEqual(['tried', 'tried'])
  })

  it('blocks no upload, and another bank does', () => {
    expect(findBlocked(policyOf(true), [nearer])).toBeUndefined()
    expect(findBlocked(policyOf(true), [nearer, farther])).toBe(farther)
    expect(findBlocked(policyOf(false), [nearer, farther])).toBe(nearer)
  })
})

describe('a block of some uses alone', () => {
  it('is for nothing at the gate, and is told of', () => {
    const policy = policyOf(false)
    const some: Policy = {
      ...policy,
      banks: [{ bank: 'live', tiers: [{ ...tiers[0], uses: ['post'] }] }],
      otherBanks: [{ distance: 256, uses: ['avatar'], effects: [{ kind: 'log' }] }],
    }
    expect(findBlocked(some, [farther])).toBeUndefined()
    expect(banksOfVainBlocks(some)).toEqual(['live'])
    expect(banksOfVainBlocks(policy)).toEqual([])
  })
})
