import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openPast } from './support/past.ts'
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
    expect((await run(['check'])).out).toContain('note  not named, and so as other banks: other\n')
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

describe('harrier policy replay', { timeout: 60_000 }, () => {
  const label = (distance: number) =>
    `labels: [known]\nbanks:\n  spam:\n    - distance: ${distance}\n      effects: [label: known]\n`

  it('answers whether a policy can be switched on, then lists what changes', async () => {
    await using past = await openPast()
    await past.createBank('spam')
    const [near, far] = await past.look(label(20), [{ bits: 4 }, { bits: 30, account: 1 }])
    writeFileSync(join(past.folder, 'policy.yaml'), label(20))
    const file = join(past.folder, 'new.yaml')
    writeFileSync(
      file,
      label(31).replace(
        'effects: [label: known]',
        'uses: [post]\n      effects: [{ label: { val: known, on: account } }]',
      ),
    )
    const run = (...argv: string[]) => runHarrier(past.folder, ['policy', 'replay', ...argv])
    const { code, out } = await run(file)
    expect(code).toBe(0)
    const lines = out.split('\n').map((line) => line.trim().replaceAll(/ {2,}/g, ' | '))
    expect(lines).toEqual([
      `Is it safe to switch on ${file}?`,
      'More is done: 2 effects about 2 accounts, of them 2 effects about whole accounts.',
      'Less is done: 1 effect about 1 account would not have been.',
      '1 effect that it does not call for stands, and will until restored.',
      '',
      `The last 7d, with the banks of today, beside ${join(past.folder, 'policy.yaml')}:`,
      'effects | accounts',
      'more | 2 | 2 | that the policy in force does not call for',
      'less | 1 | 1 | that only the policy in force calls for',
      'same | 0 | 0 | that both call for',
      'tried | 0 | 0 | of banks that are only tried: withheld',
      'left | 0 | 0 | that were done, and that no match calls for any more',
      'looked at: 2 images of 2 records; 2 by hashes, 0 not decodable',
      '',
      'By bank, tier and kind:',
      'bank | matches | effect | more | less | same | tried | left',
      'spam | to 31 bits, in post | label known on the account | 2 | 0 | 0 | 0 | 0',
      'spam | to 20 bits | label known | 0 | 1 | 0 | 0 | 0',
      '',
      near,
      '+ label known on the account | (spam content 1 at 4, to 31 bits, in post)',
      '- label known | (spam content 1 at 4, to 20 bits) | stands until restored',
      '',
      far,
      '+ label known on the account | (spam content 1 at 30, to 31 bits, in post)',
      '',
    ])
    const [sums, first, ...rest] = linesOf((await run(file, '--json', '--limit', '1')).out) as object[]
    expect(sums).toMatchObject({ effects: { more: 2, less: 1 }, changedRecords: 2, standingUncalled: 1 })
    expect(first).toMatchObject({
      uri: near,
      effects: [{ change: 'more', kind: 'label' }, { change: 'less' }],
    })
    expect(rest).toEqual([])
  })

  it('says that nothing changes, and what it cannot do', async () => {
    await using past = await openPast()
    await past.createBank('spam')
    await past.look(label(20), [{ bits: 4 }])
    writeFileSync(join(past.folder, 'policy.yaml'), label(20))
    const run = (...argv: string[]) => runHarrier(past.folder, ['policy', 'replay', ...argv])
    const same = await run()
    expect(same.code).toBe(3)
    expect(same.out).toContain('Nothing changes: it calls for the same effects as the policy in force.')
    expect((await run('--since', 'yesterday')).code).toBe(2)
    expect(await run('--bank', 'nobody')).toMatchObject({ code: 1, err: expect.stringContaining('nobody') })
    const file = join(past.folder, 'bad.yaml')
    writeFileSync(file, 'label: [known]\n')
    expect(await run(file)).toMatchObject({ code: 1, err: expect.stringContaining('line 1: label') })
    const nowhere = await runHarrier(join(past.folder, '..'), ['policy', 'replay', file], {
      settings: { HARRIER_DATA_DIR: join(past.folder, 'none'), HARRIER_POLICY_FILE: '' },
    })
    expect(nowhere.code).toBe(1)
  })
})

it('harrier policy schema prints docs/policy.schema.json', { timeout: 60_000 }, async () => {
  const { code, out } = await runHarrier(tmpdir(), ['policy', 'schema'])
  expect(code).toBe(0)
  expect(out).toBe(readFileSync('docs/policy.schema.json', 'utf8'))
})
