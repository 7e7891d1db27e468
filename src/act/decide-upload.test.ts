import { describe, expect, it } from 'vitest'
import { matchOf } from '../../test/support/builders.ts'
import type { Policy } from '../model/policy.ts'
import { findBlocked } from './decide-upload.ts'

const policy: Policy = {
  labels: ['known-image'],
  definitions: [],
  reports: {},
  banks: [
    {
      bank: 'known',
      tiers: [
        { distance: 10, effects: [{ kind: 'log' }, { kind: 'block' }] },
        { distance: 31, effects: [{ kind: 'label', val: 'known-image' }] },
      ],
    },
  ],
  otherBanks: [{ distance: 256, effects: [{ kind: 'log' }] }],
}

describe('findBlocked', () => {
  it('blocks by the tier that holds the match, whatever else it calls for', () => {
    const match = matchOf({ distance: 10 })
    expect(findBlocked(policy, [match])).toBe(match)
  })

  it('lets pass what a farther tier holds, what another bank has, and what matches nothing', () => {
    expect(findBlocked(policy, [matchOf({ distance: 11 })])).toBeUndefined()
    expect(findBlocked(policy, [matchOf({ distance: 0, bank: 'other' })])).toBeUndefined()
    expect(findBlocked(policy, [])).toBeUndefined()
  })

  it('finds the match that blocks behind nearer ones that do not', () => {
    const matches = [matchOf({ distance: 0, bank: 'other' }), matchOf({ distance: 5 })]
    expect(findBlocked(policy, matches)).toBe(matches[1])
  })
})
