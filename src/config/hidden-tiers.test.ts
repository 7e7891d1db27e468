import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { matchOf } from '../../test/support/builders.ts'
import { imageUses } from '../model/image.ts'
import { actingOpinions } from '../model/opinion.ts'
import { effectsFor, type PolicyTier } from '../model/policy.ts'
import { findHidden, type TierScope } from './hidden-tiers.ts'

const distances = [0, 1, 2, 3, 256]
const names = ['near', 'far']

/** Every match that there is, as far as tiers tell them apart: the bank's own bounds are anything. */
const everyMatch = [...imageUses, undefined].flatMap((use) =>
  [...actingOpinions, undefined].flatMap((opinion) =>
    distances.flatMap((distance) =>
      [...names, undefined].map((tier) => ({
        use,
        match: { ...matchOf({ distance }), ...(tier && { tier }), ...(opinion && { opinion }) },
      })),
    ),
  ),
)

const scopes = fc
  .record(
    {
      reach: fc.oneof(
        fc.record({ distance: fc.constantFrom(...distances) }),
        fc.record({ tier: fc.constantFrom(...names) }),
      ),
      uses: fc.uniqueArray(fc.constantFrom(...imageUses), { minLength: 1 }),
      opinions: fc.uniqueArray(fc.constantFrom(...actingOpinions), { minLength: 1 }),
    },
    { requiredKeys: ['reach'] },
  )
  .map(({ reach, ...only }): TierScope => ({ ...reach, ...only }))

it('finds exactly the tiers that decide about no match', () => {
  let hidden = 0
  fc.assert(
    fc.property(fc.array(scopes, { minLength: 1, maxLength: 7 }), (list) => {
      const tiers = list.map((scope, i) => ({
        ...scope,
        effects: [{ kind: 'webhook', to: String(i) }],
      })) as PolicyTier[]
      const policy = { labels: [], definitions: [], reports: {}, banks: [], otherBanks: tiers }
      const deciding = new Set(
        everyMatch.flatMap(({ match, use }) =>
          effectsFor(policy, match, use).map((effect) => 'to' in effect && Number(effect.to)),
        ),
      )
      const found = findHidden(list)
      hidden += found.filter((hiders) => hiders.length > 0).length
      expect(found.map((hiders) => hiders.length === 0)).toEqual(list.map((_, i) => deciding.has(i)))
    }),
    { numRuns: 400 },
  )
  expect(hidden).toBeGreaterThan(50)
})

it('names the tiers that hide one, together where it takes several', () => {
  const post = { distance: 31, uses: ['post'] } as const
  const avatar = { distance: 31, uses: ['avatar'] } as const
  expect(findHidden([post, avatar, { distance: 9, uses: ['post', 'avatar'] }])).toEqual([[], [], [0, 1]])
  expect(findHidden([post, undefined, { distance: 9, uses: ['post'] }])).toEqual([[], [], [0]])
  expect(findHidden([{ distance: 256 }, { tier: 'near' }])).toEqual([[], [0]])
  expect(findHidden([{ distance: 255 }, { tier: 'near' }])).toEqual([[], []])
})

it('leaves uploads, which are shown as nothing yet, to a tier without uses', () => {
  expect(findHidden([{ distance: 31, uses: imageUses }, { distance: 31 }])).toEqual([[], []])
})
