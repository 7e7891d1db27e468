import { schemas } from '@atproto/api'
import { describe, expect, it } from 'vitest'
import { classOfReason, takesReason } from './report.ts'
import { reportReasons } from './report-scope.ts'

const old = (name: string): string => `com.atproto.moderation.defs#reason${name}`
const ozone = (name: string): string => `tools.ozone.report.defs#reason${name}`

describe('classOfReason', () => {
  it('knows every reason of the lexicons, and no other', () => {
    const defs = schemas.find(({ id }) => id === 'com.atproto.moderation.defs')?.defs as unknown as {
      readonly reasonType: { readonly knownValues: readonly string[] }
    }
    const { knownValues } = defs.reasonType
    expect(knownValues.length).toBeGreaterThan(40)
    expect(knownValues.filter((reasonType) => classOfReason(reasonType) === undefined)).toEqual([])
    expect(knownValues.toSorted()).toEqual(reportReasons.toSorted())
    expect(['', 'reasonSpam', `${old('Spam')}s`, ozone('Spam'), old('Troll')].map(classOfReason)).toEqual(
      Array.from({ length: 5 }),
    )
  })

  it('says what a new one is about by its category, and an old one by the new one that its description prefers', () => {
    const preferred = /`(tools\.ozone\.report\.defs#\w+)`/
    const defs = schemas.find(({ id }) => id === 'com.atproto.moderation.defs')?.defs ?? {}
    let compared = 0
    for (const [name, def] of Object.entries(defs)) {
      const [, token] = preferred.exec(String((def as { description?: unknown }).description)) ?? []
      if (token === undefined) continue
      expect(classOfReason(`com.atproto.moderation.defs#${name}`), name).toBe(classOfReason(token))
      compared++
    }
    expect(compared).toBe(6)
    expect(classOfReason(ozone('ChildSafetyHarassment'))).toBe('child-safety')
    expect(classOfReason(ozone('SelfHarmED'))).toBe('self-harm')
    expect(classOfReason(old('Appeal'))).toBe('appeal')
  })
})

describe('takesReason', () => {
  it('takes all without a list and none with an empty one', () => {
    expect(reportReasons.every((reasonType) => takesReason({}, reasonType))).toBe(true)
    expect(reportReasons.some((reasonType) => takesReason({ reasonTypes: [] }, reasonType))).toBe(false)
    expect(takesReason({}, 'com.example.defs#reasonMine')).toBe(false)
  })

  it.each([
    [old('Sexual'), ozone('SexualNCII'), true],
    [old('Violation'), ozone('ChildSafetyCSAM'), true],
    [old('Spam'), ozone('MisleadingSpam'), true],
    [old('Misleading'), ozone('MisleadingSpam'), false],
    [old('Sexual'), ozone('HarassmentTroll'), false],
    [ozone('SexualNCII'), old('Sexual'), true],
    [ozone('SexualNCII'), old('Rude'), false],
    [ozone('SexualNCII'), ozone('SexualNCII'), true],
    [ozone('SexualNCII'), ozone('SexualOther'), false],
  ])('where %s is listed, of %s: %s', (listed, reasonType, isTaken) => {
    expect(takesReason({ reasonTypes: [listed] }, reasonType)).toBe(isTaken)
  })
})
