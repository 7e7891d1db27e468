import * as fc from 'fast-check'
import { imageUses } from '../../src/model/image.ts'
import { actingOpinions, opinions } from '../../src/model/opinion.ts'

/** Values that are right at one place or another, and some that are right nowhere. */
const words = fc.oneof(
  fc.constantFrom(
    'log',
    'block',
    'review',
    'escalated',
    'account',
    'record',
    'blob',
    'urgent',
    'one',
    '!hide',
  ),
  fc.constantFrom('One', '30d', '30', 'my-pds', 'my pds', 'exact', 'Exact!', 'reasonSpam', ''),
  fc.constantFrom<unknown>(0, 9, 256, 257, -1, 1.5, true, false, null),
)

/** Returns policy files as data, of everything that one may say: all of the right form with `wrong` of 0, else many that are not. */
export function policyFiles(wrong: 0 | 1): fc.Arbitrary<unknown> {
  const mostly = (right: fc.Arbitrary<unknown>, other: fc.Arbitrary<unknown> = words) =>
    fc.oneof({ weight: 24, arbitrary: right }, { weight: wrong, arbitrary: other })
  /** With a key that does not exist now and then, or without one that must. */
  const keysOf = (
    required: Record<string, fc.Arbitrary<unknown>>,
    more: Record<string, fc.Arbitrary<unknown>>,
  ) => {
    const all = { ...required, ...more }
    const loose = fc.record({ ...all, extra: fc.constant(1) }, { requiredKeys: [] })
    return mostly(fc.record(all, { requiredKeys: Object.keys(required) }), loose)
  }
  const id = mostly(fc.constantFrom('my-pds', 'my_app.1'))
  const val = mostly(fc.constantFrom('one', '!hide'))
  const account = mostly(fc.constant('account'))
  const reason = mostly(fc.constant('com.atproto.moderation.defs#reasonSpam'))
  const label = fc.oneof(
    val,
    keysOf(
      { val },
      { on: account, expiresAfter: mostly(fc.constant('30d')), priority: mostly(fc.constant('bulk')) },
    ),
  )
  const effect = mostly(
    fc.oneof(
      fc.constantFrom('log', 'block', 'review'),
      keysOf({ label }, {}),
      keysOf({ report: keysOf({ to: id, reasonType: reason }, { on: account }) }, {}),
      keysOf(
        { takedown: keysOf({ by: id, of: mostly(fc.constantFrom('blob', 'record', 'account')) }, {}) },
        {},
      ),
      fc.constant({ review: 'escalated' }),
      keysOf({ webhook: id }, wrong > 0 ? { review: fc.constant('escalated') } : {}),
    ),
  )
  const listOf = (item: fc.Arbitrary<unknown>) =>
    mostly(fc.uniqueArray(item, { minLength: 1, maxLength: 3 }), fc.constant([]))
  const distance = mostly(fc.constantFrom(0, 9, 256))
  const named = mostly(fc.constant('exact'))
  const scope = {
    uses: listOf(mostly(fc.constantFrom(...imageUses))),
    opinions: listOf(mostly(fc.constantFrom(...(wrong > 0 ? opinions : actingOpinions)))),
  }
  const tier = fc.oneof(
    keysOf({ distance, effects: listOf(effect) }, scope),
    keysOf({ tier: named, effects: listOf(effect) }, scope),
  )
  const bank = fc.oneof(listOf(tier), keysOf({ tiers: listOf(tier) }, { dryRun: mostly(fc.boolean()) }))
  return keysOf(
    { labels: fc.constant(['one', '!hide']) },
    {
      banks: mostly(
        fc.dictionary(mostly(fc.constantFrom('a', 'b.c'), fc.constant('a b')) as fc.Arbitrary<string>, bank),
      ),
      otherBanks: listOf(tier),
      reports: keysOf({}, { reasonTypes: listOf(reason), subjectTypes: listOf(mostly(fc.constant('chat'))) }),
    },
  )
}
