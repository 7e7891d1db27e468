import { describe, expect, it } from 'vitest'
import { examplePolicy } from './config.ts'
import { cautiousPolicy, PolicyError, parsePolicy } from './policy.ts'

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

  it('reads the policy that docs/CONFIG.md shows', () => {
    const policy = parsePolicy(examplePolicy, 'docs/CONFIG.md')
    expect(policy.banks[0]?.tiers.map((tier) => tier.distance)).toEqual([20, 31])
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
      expect.stringMatching(/^line 11?:/),
    ])
  })

  it('refuses tiers that do not rise and labels that are not declared', () => {
    expect(
      problemsOf('banks: { b: [{ distance: 9, effects: [log] }, { distance: 9, effects: [log] }] }')[0],
    ).toContain('rising')
    expect(problemsOf('banks: { b: [{ distance: 9, effects: [{ label: nope }] }] }')[0]).toContain('nope')
  })

  it('refuses broken YAML with its line', () => {
    expect(problemsOf('labels: [a\nbanks: {')[0]).toMatch(/^line \d+:/)
  })
})
