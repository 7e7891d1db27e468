import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SignedAuditHead } from '../src/model/audit.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { auditEntryOf, tamper } from './support/audit.ts'
import { someDid, someUri } from './support/builders.ts'
import { linesOf, runHarrier } from './support/run-harrier.ts'

// Each command is a process, and some tests run half a dozen.
describe('harrier audit', { timeout: 90_000 }, () => {
  let folder: string
  let path: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'harrier-cli-audit-'))
    path = join(folder, 'data', 'harrier.db')
    writeFileSync(join(folder, 'policy.yaml'), 'labels: [known-image]\n')
    await using database = await openSqlite({ path })
    for (let n = 1; n <= 6; n++)
      await database.audit.append([auditEntryOf(`subject ${n}`, { at: `2026-01-0${n}T00:00:00.000Z` })])
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const harrier = (...argv: string[]) => runHarrier(folder, ['audit', ...argv])
  const keyOfHead = () =>
    (JSON.parse(readFileSync(join(folder, 'head.json'), 'utf8')) as SignedAuditHead).head.key

  it('lists rows, the newest first, all or about a subject', async () => {
    const { code, out, err } = await harrier('list', '--limit', '3')
    expect([code, err]).toEqual([0, 'and 4 more; --limit N shows more of them\n'])
    expect(out.split('\n')[0]).toMatch(/^row +when +who +what +about +details$/)
    expect(out).toMatch(/6 +2026-01-06T00:00:00.000Z +cli +test.done +subject 6 +\{"about":"subject 6"\}/)
    const about = await harrier('list', 'subject 2', '--json')
    expect(linesOf(about.out)).toEqual([
      {
        ...auditEntryOf('subject 2', { at: '2026-01-02T00:00:00.000Z' }),
        id: 2,
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ])
    expect(await harrier('list', 'nothing')).toMatchObject({ code: 3, out: '' })
  })

  it('verifies the chain, with an earlier head', async () => {
    const { code, out } = await harrier('verify')
    expect([code, out]).toEqual([0, expect.stringMatching(/^OK: 7 rows, 1 to 7; head [0-9a-f]{64}\n$/)])
    const head = await harrier('head')
    writeFileSync(join(folder, 'head.json'), head.out)
    const proved = await harrier('verify', '--head', 'head.json')
    expect(proved).toMatchObject({
      code: 0,
      out: expect.stringContaining(`by ${keyOfHead()}, is on the chain`),
    })
  })

  it('exports rows to a file that verifies, and whose head does', async () => {
    const key = keyOfHead()
    const written = await harrier(
      'export',
      '--since',
      '2026-01-03',
      '--until',
      '2026-01-05',
      '--output',
      'part.jsonl',
    )
    expect(written).toMatchObject({ code: 0, out: '2 rows written to part.jsonl\n' })
    expect(statSync(join(folder, 'part.jsonl')).mode & 0o777).toBe(0o600)
    const proved = await harrier('verify', '--head', 'part.jsonl')
    expect(proved).toMatchObject({ code: 0, out: expect.stringContaining(`by ${key}, is on the chain`) })
    const known = await harrier('verify', '--file', 'part.jsonl')
    expect(known).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^OK: 2 rows, 3 to 4; .*\nsigned at .* by did:key:/s),
    })
    const stdout = await harrier('export')
    writeFileSync(join(folder, 'whole.jsonl'), stdout.out)
    const whole = await harrier('verify', '--file', 'whole.jsonl', '--json')
    expect(linesOf(whole.out)).toMatchObject([
      { kind: 'intact', rows: 8, after: { id: 0 }, head: { key, id: 8 } },
    ])
  })

  it('verifies a file without a database, by the key that it is told, and makes none', async () => {
    const key = keyOfHead()
    const settings = { HARRIER_DATA_DIR: join(folder, 'elsewhere') }
    const verify = (...argv: string[]) =>
      runHarrier(folder, ['audit', 'verify', '--file', 'part.jsonl', ...argv], { settings })
    expect(await verify('--key', key)).toMatchObject({ code: 0, out: expect.stringContaining('OK: 2 rows') })
    expect(await verify()).toMatchObject({ code: 1, err: expect.stringContaining('--key did:key:') })
    const other = key.replace(/.$/, key.endsWith('1') ? '2' : '1')
    expect(await verify('--key', other)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining(`signed by ${other}`),
    })
    expect(() => statSync(settings.HARRIER_DATA_DIR)).toThrow('ENOENT')
  })

  it('finds no audit where there is no database, and makes none', async () => {
    const settings = { HARRIER_DATA_DIR: join(folder, 'nowhere') }
    for (const command of ['verify', 'head', 'export', 'list']) {
      const ended = await runHarrier(folder, ['audit', command], { settings })
      expect(ended).toMatchObject({ code: 1, out: '', err: expect.stringContaining('Expected a database') })
    }
    expect(() => statSync(settings.HARRIER_DATA_DIR)).toThrow('ENOENT')
  })

  it('refuses what it cannot use', async () => {
    for (const wrong of [
      ['verify', '--head', 'a', '--file', 'b'],
      ['verify', '--key', 'did:key:zQ3shQDE7qtAsez45vGNhsdNRstnsDyBEHGhGmehJEMSM4h5A'],
      ['verify', '--file', 'part.jsonl', '--key', 'zQ3'],
      ['export', '--since', 'yesterday'],
      ['export', '--until', '2026-02-30T99:00Z'],
      ['list', '--limit', '0'],
    ])
      expect(await harrier(...wrong), wrong.join(' ')).toMatchObject({ code: 2, out: '' })
    expect(await harrier('verify', '--file', 'none.jsonl')).toMatchObject({
      code: 1,
      err: 'harrier: none.jsonl: no such file\n',
    })
    expect(await harrier('verify', '--head', 'policy.yaml')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Expected a signed head'),
    })
    expect(await harrier('export', '--since', '2030-01-01', '--output', 'no.jsonl')).toMatchObject({
      code: 1,
    })
    expect(() => statSync(join(folder, 'no.jsonl'))).toThrow('ENOENT')
  })

  it('has a row of every look at a review', async () => {
    let id: number
    {
      await using database = await openSqlite({ path })
      ;({ id } = await database.reviews.open(someUri, someDid, '2026-01-01T00:00:00.000Z'))
    }
    expect(await runHarrier(folder, ['review', 'show', String(id)])).toMatchObject({ code: 0 })
    expect(await runHarrier(folder, ['review', 'show', String(id + 1)])).toMatchObject({ code: 3 })
    const { out } = await harrier('list', someUri, '--json')
    expect(linesOf(out)).toMatchObject([{ actor: 'cli', action: 'review.viewed', details: { review: id } }])
  })

  it('has a row of every export of a bank', async () => {
    expect(await runHarrier(folder, ['bank', 'create', 'known'])).toMatchObject({ code: 0 })
    expect(await runHarrier(folder, ['bank', 'export', 'known', 'known.csv'])).toMatchObject({ code: 0 })
    const { out } = await harrier('list', 'known', '--json')
    expect(linesOf(out)).toMatchObject([
      { actor: 'cli', action: 'bank.exported' },
      { action: 'bank.created' },
    ])
  })

  it('names the first row that breaks the chain', async () => {
    tamper(path, (file) => file.exec("UPDATE audit SET actor = 'nobody' WHERE id = 3"))
    const { code, out, err } = await harrier('verify')
    expect([code, out]).toEqual([1, ''])
    expect(err).toBe(
      'harrier: the audit is broken at row 3 (changed): what it says was changed, or row 2 was and had its hash made anew\n',
    )
    const json = await harrier('verify', '--json')
    expect(json.code).toBe(1)
    expect(linesOf(json.out)).toEqual([
      { kind: 'broken', row: 3, fault: 'changed', finding: expect.any(String) },
    ])
  })

  it('explains itself', async () => {
    for (const command of ['list', 'verify', 'head', 'export']) {
      const { code, out } = await harrier(command, '--help')
      expect(code).toBe(0)
      expect(out).toContain(`harrier audit ${command}`)
      expect(out).toContain('Examples')
    }
  })
})
