import { AppBskyLabelerService, ComAtprotoLabelDefs, LABELS, schemas } from '@atproto/api'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isLabelVal } from '../model/label.ts'
import { globalLabelVals, isKnownToClients, reservedLabelVals } from '../model/label-definition.ts'
import { reportReasons } from '../model/report-scope.ts'
import { cautiousPolicy, PolicyError, parsePolicy } from './policy.ts'
import { examplePolicy } from './policy-reference.ts'

const good = `
labels: [known-image]
banks:
  my-bank:
    - distance: 15
      effects:
        - label: known-image
        - log
    - distance: 31
      effects: [log]
`

const problemsOf = (text: string): string[] => {
  try {
    parsePolicy(text, 'p.yaml')
  } catch (error) {
    if (error instanceof PolicyError)
      return error.message
        .split('\n')
        .slice(1)
        .map((line) => line.trim())
    throw error
  }
  return []
}

describe('parsePolicy', () => {
  it('reads banks, their tiers and their effects', () => {
    expect(parsePolicy(good, 'p.yaml')).toEqual({
      labels: ['known-image'],
      definitions: [],
      reports: {},
      banks: [
        {
          bank: 'my-bank',
          tiers: [
            { distance: 15, effects: [{ kind: 'label', val: 'known-image' }, { kind: 'log' }] },
            { distance: 31, effects: [{ kind: 'log' }] },
          ],
        },
      ],
      otherBanks: cautiousPolicy.otherBanks,
    })
  })

  it('reads what a label is on and how long it holds', () => {
    const effectsOf = (label: string) =>
      parsePolicy(`labels: [x]\nbanks: { b: [{ distance: 9, effects: [{ label: ${label} }] }] }`, 'p.yaml')
        .banks[0]?.tiers[0]?.effects
    expect(effectsOf('{ val: x, expiresAfter: 30d }')).toEqual([
      { kind: 'label', val: 'x', expiresAfterMs: 2_592_000_000 },
    ])
    expect(effectsOf('{ val: x, on: account }')).toEqual([{ kind: 'label', val: 'x', on: 'account' }])
    expect(effectsOf('{ val: x, priority: urgent }')).toEqual([
      { kind: 'label', val: 'x', priority: 'urgent' },
    ])
    expect(() => effectsOf('{ val: x, priority: high }')).toThrow('urgent')
    expect(() => effectsOf('{ val: x, expiresAfter: soon }')).toThrow('30d')
    expect(() => effectsOf('{ val: x, on: everything }')).toThrow('account')
    expect(() => effectsOf('{ val: y }')).toThrow('declares')
  })

  it('reads tiers by the names that banks have for them, beside distances', () => {
    const listOf = (list: string) => parsePolicy(`banks: { b: [${list}] }`, 'p.yaml').banks[0]?.tiers
    const log = 'effects: [log]'
    const effects = [{ kind: 'log' }]
    expect(listOf(`{ tier: exact, ${log} }, { distance: 9, ${log} }, { tier: far, ${log} }`)).toEqual([
      { tier: 'exact', effects },
      { distance: 9, effects },
      { tier: 'far', effects },
    ])
    expect(() => listOf(`{ tier: far, ${log} }, { tier: far, ${log} }`)).toThrow('line 1 before it holds all')
    expect(() => listOf(`{ tier: far, distance: 9, ${log} }`)).toThrow('either distance: or tier:')
    expect(() => listOf(`{ ${log} }`)).toThrow('either distance: or tier:')
    expect(() => listOf(`{ tier: Far!, ${log} }`)).toThrow('the name of a tier')
  })

  it('reads block, beside labels and alone', () => {
    const text = `labels: [known-image]\nbanks:\n  known:\n    - distance: 31\n      effects: [block, label: known-image]\notherBanks:\n  - distance: 0\n    effects: [block]\n`
    const policy = parsePolicy(text, 'policy.yaml')
    expect(policy.banks[0]?.tiers[0]?.effects).toEqual([
      { kind: 'block' },
      { kind: 'label', val: 'known-image' },
    ])
    expect(policy.otherBanks[0]?.effects).toEqual([{ kind: 'block' }])
  })

  it('reads the policy that docs/CONFIG.md shows', () => {
    const policy = parsePolicy(examplePolicy, 'docs/CONFIG.md')
    expect(policy.banks[0]?.tiers).toMatchObject([{ distance: 20 }, { distance: 20 }, { distance: 31 }])
    const named = [{ tier: 'exact' }, { tier: 'exact' }, { tier: 'near' }, { distance: 256 }]
    expect(policy.banks[1]?.tiers).toMatchObject(named)
    expect(policy.banks[2]).toMatchObject({ bank: 'my-new-bank', isDryRun: true })
    expect(policy.labels).toEqual(['possibly-known-image', 'known-image'])
    expect(policy.definitions.map(({ identifier, locales }) => [identifier, locales.length])).toEqual([
      ['known-image', 2],
    ])
    expect(policy.reports.subjectTypes).toEqual(['record'])
  })

  it('takes an empty file for the cautious policy', () => {
    expect(parsePolicy('', 'p.yaml')).toEqual(cautiousPolicy)
  })

  it('names the line of every problem', () => {
    const problems = problemsOf(`labels: [Known Image]
banks:
  my-bank:
    - distance: 300
      effects: [log]
  other:
    - distance: 20
      effects: [shout]
    - distance: 10
      effects: [log]
extra: 1
`)
    expect(problems.map((problem) => problem.split(':').slice(0, 2).join(':'))).toEqual([
      'line 1: labels.0',
      'line 4: banks.my-bank.0.distance',
      'line 8: banks.other.0.effects.0',
      'line 9: banks.other.1',
      'line 11: extra',
    ])
  })

  it('refuses tiers that never decide and labels that are not declared', () => {
    expect(
      problemsOf('banks: { b: [{ distance: 9, effects: [log] }, { distance: 9, effects: [log] }] }')[0],
    ).toContain('can decide')
    expect(problemsOf('banks: { b: [{ distance: 9, effects: [{ label: nope }] }] }')[0]).toContain('nope')
  })

  it('refuses broken YAML with its line', () => {
    expect(problemsOf('labels: [a\nbanks: {')[0]).toMatch(/^line \d+:/)
  })
})

const definition = {
  identifier: 'known-image',
  severity: 'alert',
  blurs: 'media',
  locales: [{ lang: 'en', name: 'Known image', description: 'It is known.' }],
}

describe('the definitions of the policy file', () => {
  const problemOf = (...labels: unknown[]): string | undefined =>
    problemsOf(JSON.stringify({ labels })).join('; ') || undefined

  it('are read in the words of the lexicon, with its defaults, beside values alone', () => {
    const policy = parsePolicy(JSON.stringify({ labels: ['spam', definition, '!hide'] }), 'p.yaml')
    expect(policy.labels).toEqual(['spam', 'known-image', '!hide'])
    expect(policy.definitions).toEqual([{ ...definition, defaultSetting: 'warn', adultOnly: false }])
  })

  it.each([
    ['another severity', { severity: 'loud' }, 'severity'],
    ['no blurs', { blurs: undefined }, 'blurs'],
    ['a value that clients ignore', { identifier: 'Known' }, 'identifier'],
    ['a value that is too long', { identifier: 'a'.repeat(101) }, 'identifier'],
    ['a reserved value', { identifier: '!hide' }, 'reserved'],
    ['no language', { locales: [] }, 'locales'],
    ['an unknown key', { color: 'red' }, 'color'],
    ['a language twice', { locales: [...definition.locales, ...definition.locales] }, 'once'],
  ])('are refused with %s', (_, change, told) => {
    expect(problemOf({ ...definition, ...change })).toContain(told)
    expect(problemOf(definition)).toBeUndefined()
  })

  it('are refused when a value stands twice', () => {
    expect(problemOf('known-image', definition)).toContain('once')
  })

  it('have the bounds of the lexicon that clients hold them to', () => {
    const texts = fc.string({ unit: 'grapheme', maxLength: 80 })
    const languages = fc.oneof(
      fc.constantFrom('en', 'pt-BR', 'i-klingon', 'x', '', 'en_US', 'zh-Hant'),
      texts,
    )
    const strings = fc.record({ lang: languages, name: texts, description: texts })
    let accepted = 0
    fc.assert(
      fc.property(strings, (locale) => {
        const candidate = { ...definition, locales: [locale] }
        const isOurs = problemOf(candidate) === undefined
        const isTheirs = ComAtprotoLabelDefs.validateLabelValueDefinition(candidate).success
        // Ours are stricter in one thing: a name that nobody can read is none.
        const isLegible = locale.name.trim() !== '' && locale.description.trim() !== ''
        if (isOurs) accepted += 1
        expect(isOurs).toBe(isTheirs && isLegible)
      }),
      { numRuns: 300 },
    )
    expect(accepted).toBeGreaterThan(20)
    const long = { lang: 'en', name: 'n'.repeat(64), description: 'd'.repeat(10_000) }
    expect(problemOf({ ...definition, locales: [long] })).toBeUndefined()
    expect(problemOf({ ...definition, locales: [{ ...long, name: 'n'.repeat(65) }] })).toContain('name')
    const tooLong = { ...long, description: 'd'.repeat(10_001) }
    expect(problemOf({ ...definition, locales: [tooLong] })).toContain('description')
  })

  it('name the values and reasons that clients know', () => {
    const known = Object.keys(LABELS)
    expect(known.filter((val) => !isKnownToClients(val))).toEqual([])
    expect([...globalLabelVals, ...reservedLabelVals].filter((val) => !known.includes(val))).toEqual([
      '!takedown',
      '!suspend',
    ])
    expect(known.filter((val) => !isLabelVal(val))).toEqual([])
    const defs = schemas.find(({ id }) => id === 'com.atproto.moderation.defs')?.defs
    expect(defs).toMatchObject({ reasonType: { knownValues: reportReasons } })
  })
})

describe('the reports of the policy file', () => {
  it('are lists of the lexicon, each of which may be empty or left out', () => {
    const reports = { reasonTypes: [], subjectTypes: ['account'], subjectCollections: ['app.bsky.feed.post'] }
    expect(parsePolicy(JSON.stringify({ reports }), 'p.yaml').reports).toEqual(reports)
    expect(parsePolicy('{}', 'p.yaml').reports).toEqual({})
    const record = { $type: 'app.bsky.labeler.service', policies: { labelValues: [] }, ...reports }
    const valid = AppBskyLabelerService.validateRecord({ ...record, createdAt: new Date().toISOString() })
    expect(valid.success).toBe(true)
  })

  it('name the nearest reason, and refuse what is no record type or subject', () => {
    const wrong = { reasonTypes: ['reasonSpam'], subjectTypes: ['post'], subjectCollections: ['posts'] }
    expect(problemsOf(JSON.stringify({ reports: wrong }))).toEqual([
      expect.stringContaining('com.atproto.moderation.defs#reasonSpam'),
      expect.stringContaining('subjectTypes.0'),
      expect.stringContaining('NSID'),
    ])
  })
})
