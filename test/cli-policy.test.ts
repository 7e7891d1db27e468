import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { linesOf, runHarrier } from './support/run-harrier.ts'

const policy = `labels: [known, likely]
banks:
  spam:
    - tier: exact
      opinions: [confirmed, positive]
      effects: [label: known, review: escalated]
    - distance: 31
      uses: [avatar, banner]
      effects:
        - label: { val: likely, on: account, expiresAfter: 30d, priority: bulk }
        - block
  fresh:
    dryRun: true
    tiers:
      - distance: 31
        effects: [label: known, webhook: app]
`
const endpoints = JSON.stringify([{ id: 'app', webhook_url: 'https://app.example', secret: 's'.repeat(16) }])
const settings = { HARRIER_WEBHOOK_ENDPOINTS: endpoints }

describe('harrier policy check', { timeout: 60_000 }, () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'harrier-policy-'))
    writeFileSync(join(folder, 'policy.yaml'), policy)
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))
  const run = (argv: readonly string[]) => runHarrier(folder, ['policy', ...argv], { settings })

  it('shows what a policy calls for, without a database, and makes none', async () => {
    const { code, out } = await run(['check'])
    expect(out.split('\n').map((line) => line.trim().replaceAll(/ {2,}/g, ' | '))).toEqual([
      expect.stringMatching(/^OK \| .*policy\.yaml$/),
      'bank | matches | call for',
      'spam | tier exact, confirmed/positive | label known; review, escalated',
      'to 31 bits, in avatar/banner | label likely on the account for 30d, bulk; block',
      'fresh (dry run) | to 31 bits | label known; webhook app',
      'other banks | to 256 bits | log',
      expect.stringContaining('a block of spam is for nothing'),
      expect.stringContaining('banks were not looked at: there is none at'),
      '',
    ])
    expect(code).toBe(0)
    expect(existsSync(join(folder, 'data'))).toBe(false)
  })

  it('says what of it the banks do not have, and leaves the database as it is', async () => {
    await runHarrier(folder, ['bank', 'create', 'spam', '--tiers', 'near=9'], { settings })
    await runHarrier(folder, ['bank', 'create', 'other'], { settings })
    const before = readFileSync(join(folder, 'data/harrier.db'))
    const { code, out } = await run(['check', '--json'])
    expect(code).toBe(0)
    expect(linesOf(out)).toEqual([
      expect.objectContaining({
        isOk: true,
        problems: [],
        remarks: [
          { kind: 'vain-block', bank: 'spam' },
          { kind: 'no-such-bank', bank: 'fresh' },
          { kind: 'no-such-tier', bank: 'spam', tier: 'exact' },
          { kind: 'follows-other-banks', bank: 'other' },
        ],
      }),
    ])
    expect(readFileSync(join(folder, 'data/harrier.db')).equals(before)).toBe(true)
  })

  it('lists every problem with its line, for people and for machines', async () => {
    const file = join(folder, 'new.yaml')
    writeFileSync(file, policy.replace('[known, likely]', '[known]').replace('webhook: app', 'webhook: apps'))
    const [text, json] = [await run(['check', file]), await run(['check', file, '--json'])]
    expect([text.code, json.code]).toEqual([1, 1])
    expect(text.out.split('\n')).toEqual([
      `2 problems in ${file}`,
      '  line 10: banks.spam.1.effects.0: expected a value that labels: declares but received likely; the nearest is known',
      '  line 16: banks.fresh.tiers.0.effects.1: expected the id of an endpoint of HARRIER_WEBHOOK_ENDPOINTS but received apps; the nearest is app',
      '',
    ])
    expect(linesOf(json.out)).toMatchObject([
      { file, isOk: false, problems: [{ line: 10 }, { line: 16, path: 'banks.fresh.tiers.0.effects.1' }] },
    ])
  })

  it('fails where there is no such file', async () => {
    const { code, err } = await run(['check', join(folder, 'none.yaml')])
    expect(code).toBe(1)
    expect(err).toContain('none.yaml')
  })
})

it('harrier policy schema prints docs/policy.schema.json', { timeout: 60_000 }, async () => {
  const { code, out } = await runHarrier(tmpdir(), ['policy', 'schema'])
  expect(code).toBe(0)
  expect(out).toBe(readFileSync('docs/policy.schema.json', 'utf8'))
})
