import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { policyFiles } from '../../test/support/policy-files.ts'
import { PolicyError, parsePolicy } from './policy.ts'
import { policyFile } from './policy-file.ts'
import { examplePolicy } from './policy-reference.ts'
import { formatPolicySchema } from './policy-schema.ts'

// One keyword stands beside a reference to what it is about, as editors allow.
const validate = new Ajv({
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allErrors: true,
}).compile(JSON.parse(formatPolicySchema()) as object)

const isReadable = (value: unknown): boolean => {
  try {
    parsePolicy(JSON.stringify(value), 'p.yaml')
    return true
  } catch (error) {
    if (error instanceof PolicyError) return false
    throw error
  }
}

describe('docs/policy.schema.json', () => {
  it('is what npm run docs writes', () => {
    expect(readFileSync('docs/policy.schema.json', 'utf8')).toBe(formatPolicySchema())
  })

  it('takes the policy that docs/CONFIG.md shows, and an empty one', () => {
    expect(validate(parse(examplePolicy)), JSON.stringify(validate.errors)).toBe(true)
    expect(validate({})).toBe(true)
  })

  it.each([
    ['an unknown key', { bank: {} }],
    ['no reach', { otherBanks: [{ effects: ['log'] }] }],
    ['two reaches', { otherBanks: [{ distance: 1, tier: 'near', effects: ['log'] }] }],
    ['no effect', { otherBanks: [{ distance: 1, effects: [] }] }],
    ['two effects in one', { otherBanks: [{ distance: 1, effects: [{ label: 'one', webhook: 'two' }] }] }],
    ['a use twice', { otherBanks: [{ distance: 1, uses: ['post', 'post'], effects: ['log'] }] }],
    ['a negative opinion', { otherBanks: [{ distance: 1, opinions: ['negative'], effects: ['log'] }] }],
    ['a label of capitals', { labels: ['One'] }],
    ['a reason that nobody knows', { reports: { reasonTypes: ['spam'] } }],
    ['a bank without tiers', { banks: { a: { dryRun: true } } }],
    ['a name that no bank can have', { banks: { 'a b': [{ distance: 1, effects: ['log'] }] } }],
  ])('refuses %s, as the start does', (_, value) => {
    expect(validate(value)).toBe(false)
    expect(isReadable(value)).toBe(false)
  })

  it('and the form that the start reads are one', () => {
    const counts = { right: 0, wrong: 0, readable: 0 }
    fc.assert(
      fc.property(fc.oneof(policyFiles(0), policyFiles(1)), (value) => {
        const isRight = validate(value)
        counts[isRight ? 'right' : 'wrong'] += 1
        expect(policyFile.safeParse(value).success).toBe(isRight)
        if (!isReadable(value)) return
        counts.readable += 1
        expect(isRight).toBe(true)
      }),
      { numRuns: 600 },
    )
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(50)
  })

  it('says of every key what it is for', () => {
    const schema = JSON.parse(formatPolicySchema()) as Schema & {
      readonly definitions: Record<string, Schema>
    }
    const told: string[] = []
    const keysIn = (part: unknown): void => {
      if (typeof part !== 'object' || part === null) return
      for (const [key, { description }] of Object.entries((part as Schema).properties ?? {}))
        if (description === undefined) expect.unreachable(`nothing is said of ${key}`)
        else told.push(key)
      Object.values(part).forEach(keysIn)
    }
    keysIn(schema)
    expect(told).toContain('reasonType')
    expect(told.length).toBeGreaterThan(30)
  })
})

type Schema = { readonly properties?: Readonly<Record<string, { readonly description?: string }>> }
