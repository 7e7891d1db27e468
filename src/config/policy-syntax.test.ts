import { describe, expect, it } from 'vitest'
import { PolicyError, parsePolicy } from './policy.ts'
import type { Destinations } from './policy-problems.ts'

const destinations: Destinations = {
  targets: [
    { id: 'my-pds', can: new Set(['takedown', 'restore']) },
    { id: 'my-ozone', can: new Set(['takedown', 'report']) },
    { id: 'labels', can: new Set(['label']) },
  ],
  endpoints: ['my-app'],
}

const csam = 'tools.ozone.report.defs#reasonChildSafetyCSAM'

const fileOf = (effect: string, scope = 'distance: 9') =>
  `labels: [known]\nbanks:\n  my-bank:\n    - ${scope}\n      effects: [${effect}]\n`

const problemsOf = (text: string): string[] => {
  try {
    parsePolicy(text, 'p.yaml', destinations)
  } catch (error) {
    if (error instanceof PolicyError)
      return error.problems.map(({ line, path, message }) => `${line} ${path} ${message}`)
    throw error
  }
  return []
}

const tierOf = (text: string) => parsePolicy(text, 'p.yaml', destinations).banks[0]?.tiers[0]

describe('an effect of the policy file', () => {
  it.each([
    ['log', { kind: 'log' }],
    ['block', { kind: 'block' }],
    ['label: known', { kind: 'label', val: 'known' }],
    [
      'label: { val: known, on: account, expiresAfter: 2h, priority: bulk }',
      { kind: 'label', val: 'known', on: 'account', expiresAfterMs: 7_200_000, priority: 'bulk' },
    ],
    [`report: { to: my-ozone, reasonType: ${csam} }`, { kind: 'report', to: 'my-ozone', reasonType: csam }],
    [
      'report: { to: my-ozone, reasonType: com.atproto.moderation.defs#reasonSexual, on: account }',
      {
        kind: 'report',
        to: 'my-ozone',
        reasonType: 'com.atproto.moderation.defs#reasonSexual',
        on: 'account',
      },
    ],
    ['takedown: { by: my-pds, of: blob }', { kind: 'takedown', by: 'my-pds', of: 'blob' }],
    ['takedown: { by: my-pds, of: record }', { kind: 'takedown', by: 'my-pds', of: 'record' }],
    ['takedown: { by: my-ozone, of: account }', { kind: 'takedown', by: 'my-ozone', of: 'account' }],
    ['review', { kind: 'review' }],
    ['review: escalated', { kind: 'review', isEscalated: true }],
    ['webhook: my-app', { kind: 'webhook', to: 'my-app' }],
  ])('is read from %s', (text, effect) => {
    expect(tierOf(fileOf(text))?.effects).toEqual([effect])
  })

  it.each([
    ['shout', 'an effect: log, block, review'],
    ['lable: known', 'no such key; the nearest is label'],
    ['label: knwon', 'labels: declares but received knwon; the nearest is known'],
    ['label: { val: known, expires: 2h }', 'no such key; the nearest is expiresAfter'],
    ['label: { val: known, expiresAfter: 0h }', 'above 0'],
    ['label: { val: known, expiresAfter: 30 }', 'such as 12h'],
    ['label: { val: known, on: record }', 'expected account'],
    ['label: Known', 'a-z'],
    [`report: { to: my-ozon, reasonType: ${csam} }`, 'received my-ozon; the nearest is my-ozone'],
    [`report: { to: my-pds, reasonType: ${csam} }`, 'my-pds does none; the nearest is my-ozone'],
    ['report: { to: my-ozone, reasonType: reasonCSAM }', `such as ${csam}`],
    ['report: { to: my-ozone }', 'such as'],
    [`report: { to: my-ozone, reasonType: ${csam}, on: record }`, 'expected account'],
    ['takedown: { by: labels, of: record }', 'labels does none'],
    ['takedown: { by: nobody, of: record }', 'target of HARRIER_TARGETS but received nobody'],
    ['takedown: { by: my-pds, of: everything }', 'blob, record, account'],
    ['takedown: { by: my-pds }', 'blob, record, account'],
    ['takedown: my-pds', 'expected object'],
    ['review: urgent', 'expected escalated'],
    ['webhook: your-app', 'HARRIER_WEBHOOK_ENDPOINTS but received your-app; the nearest is my-app'],
    ['webhook: "my app"', 'letters'],
    ['{ label: known, webhook: my-app }', 'one effect in each item'],
    ['{}', 'one effect in each item'],
    ['7', 'an effect'],
  ])('is refused as %s', (text, told) => {
    const problems = problemsOf(fileOf(text))
    expect(problems).toEqual([expect.stringMatching(/^5 banks\.my-bank\.0\.effects\.0/)])
    expect(problems[0]).toContain(told)
  })

  it('may go anywhere as long as nobody says where it can', () => {
    const text = fileOf('takedown: { by: nobody, of: record }')
    expect(() => parsePolicy(text, 'p.yaml')).not.toThrow()
    expect(() => parsePolicy(text, 'p.yaml', destinations)).toThrow('nobody')
  })
})

describe('a tier of the policy file', () => {
  it('holds the uses and opinions that it names', () => {
    const scope = 'distance: 9\n      uses: [avatar, banner]\n      opinions: [confirmed, positive]'
    expect(tierOf(fileOf('log', scope))).toEqual({
      distance: 9,
      uses: ['avatar', 'banner'],
      opinions: ['confirmed', 'positive'],
      effects: [{ kind: 'log' }],
    })
    expect(Object.keys(tierOf(fileOf('log')) ?? {})).toEqual(['distance', 'effects'])
  })

  it.each([
    ['uses: [avatars]', 'the nearest is avatar'],
    ['uses: []', 'at least one'],
    ['uses: [post, post]', 'each once'],
    ['opinions: [negative]', 'suppresses its matches, and they act on nothing'],
    ['opinions: [sure]', 'confirmed, positive, none, seed, disputed'],
    ['opinions: none', 'expected array'],
    ['use: [post]', 'the nearest is uses'],
    ['tier: exact', 'either distance: or tier:'],
  ])('is refused with %s', (line, told) => {
    const problems = problemsOf(fileOf('log', `distance: 9\n      ${line}`))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(told)
    expect(problems[0]).toMatch(/^[45] banks\.my-bank\.0/)
  })

  it('is refused with the lines of those that hide it', () => {
    const text = `banks:
  my-bank:
    - distance: 20
      uses: [post, other]
      effects: [log]
    - distance: 20
      uses: [avatar, banner]
      effects: [log]
    - distance: 16
      uses: [post, avatar]
      effects: [log]
    - distance: 20
      opinions: [seed]
      effects: [log]
`
    expect(problemsOf(text)).toEqual([
      '9 banks.my-bank.2 expected a tier that can decide, but lines 3 and 6 before it hold all that it holds',
    ])
  })

  it('may reach as far as one before it that holds less', () => {
    const text = `banks:
  my-bank:
    - { distance: 31, opinions: [confirmed], effects: [log] }
    - { distance: 20, effects: [log] }
    - { tier: near, uses: [post], effects: [log] }
    - { tier: near, effects: [log] }
`
    expect(problemsOf(text)).toEqual([])
  })
})

describe('a bank of the policy file', () => {
  const bankOf = (text: string) => parsePolicy(`banks:\n  my-bank: ${text}\n`, 'p.yaml').banks[0]
  const tiers = [{ distance: 9, effects: [{ kind: 'log' }] }]

  it('is tried where it says so, and acts otherwise', () => {
    const list = '[{ distance: 9, effects: [log] }]'
    expect(bankOf(list)).toEqual({ bank: 'my-bank', tiers })
    expect(bankOf(`{ tiers: ${list} }`)).toEqual({ bank: 'my-bank', tiers })
    expect(bankOf(`{ dryRun: false, tiers: ${list} }`)).toEqual({ bank: 'my-bank', tiers })
    expect(bankOf(`{ dryRun: true, tiers: ${list} }`)).toEqual({ bank: 'my-bank', isDryRun: true, tiers })
  })

  it.each([
    ['{ dryRun: true }', 'banks.my-bank.tiers expected a list of tiers'],
    ['{ dryrun: true, tiers: [{ distance: 9, effects: [log] }] }', 'the nearest is dryRun'],
    ['{ dryRun: 1, tiers: [{ distance: 9, effects: [log] }] }', 'true or false'],
    ['{ dryRun: true, tiers: [{ distance: 9, effects: [label: none] }] }', 'banks.my-bank.tiers.0.effects.0'],
    ['', 'expected a list of tiers'],
    ['[]', 'at least one tier'],
  ])('is refused as %s', (text, told) => {
    const problems = problemsOf(`banks:\n  my-bank: ${text}\n`)
    expect(problems).toEqual([expect.stringMatching(/^2 /)])
    expect(problems[0]).toContain(told)
  })

  it('is refused with a name that no bank can have', () => {
    expect(problemsOf('banks:\n  "my bank": [{ distance: 9, effects: [log] }]\n')).toEqual([
      '2 banks.my bank expected the name of a bank',
    ])
  })
})

describe('a file with many problems', () => {
  it('has all of them told at once, by line, also of places that are right by themselves', () => {
    const text = `label: [known]
labels: [known, known, { identifier: other, severity: loud, blurs: media, locales: [] }]
reports:
  reasonTypes: [spam]
banks:
  first:
    - distance: 300
      effects:
        - label: other
        - label: missing
        - block: true
  second:
    dryRun: yes
    tiers:
      - tier: near
        effects: [webhook: nobody]
      - tier: near
        effects: [log]
otherBank: []
`
    expect(problemsOf(text).map((problem) => problem.split(' ').slice(0, 2).join(' '))).toEqual([
      '1 label',
      '2 labels.2.severity',
      '2 labels.2.locales',
      '2 labels.1',
      '4 reports.reasonTypes.0',
      '7 banks.first.0.distance',
      '10 banks.first.0.effects.1',
      '11 banks.first.0.effects.2.block',
      '13 banks.second.dryRun',
      '16 banks.second.tiers.0.effects.0',
      '17 banks.second.tiers.1',
      '19 otherBank',
    ])
  })

  it('may not be huge by aliases', () => {
    expect(problemsOf('otherBanks: &a [{ distance: 9, effects: [log] }]\nbanks: { b: *a }\n')).toEqual([
      expect.stringContaining('no aliases'),
    ])
  })
})

describe('a file of before', () => {
  it('means what it meant', () => {
    const text = `labels: [one, two]
banks:
  numbered:
    - distance: 20
      effects: [label: one]
    - distance: 31
      effects:
        - label: { val: two, expiresAfter: 30d }
        - log
  named:
    - tier: exact
      effects: [block, label: { val: one, on: account, priority: urgent }]
    - tier: near
      effects: [label: two]
    - distance: 256
      effects: [log]
otherBanks:
  - distance: 0
    effects: [log]
`
    expect(parsePolicy(text, 'p.yaml', { targets: [], endpoints: [] })).toEqual({
      labels: ['one', 'two'],
      definitions: [],
      reports: {},
      banks: [
        {
          bank: 'numbered',
          tiers: [
            { distance: 20, effects: [{ kind: 'label', val: 'one' }] },
            {
              distance: 31,
              effects: [{ kind: 'label', val: 'two', expiresAfterMs: 2_592_000_000 }, { kind: 'log' }],
            },
          ],
        },
        {
          bank: 'named',
          tiers: [
            {
              tier: 'exact',
              effects: [{ kind: 'block' }, { kind: 'label', val: 'one', on: 'account', priority: 'urgent' }],
            },
            { tier: 'near', effects: [{ kind: 'label', val: 'two' }] },
            { distance: 256, effects: [{ kind: 'log' }] },
          ],
        },
      ],
      otherBanks: [{ distance: 0, effects: [{ kind: 'log' }] }],
    })
  })
})
