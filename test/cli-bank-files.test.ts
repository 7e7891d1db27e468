import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linesOf, runHarrier } from './support/run-harrier.ts'

const header = 'pdq,md5,sha1,sha256,quality,label,note,source_id\n'
const md5Of = (n: number) => n.toString(16).padStart(32, '0')

describe('importing and exporting banks by command', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'harrier-files-'))
    await writeFile(join(folder, 'policy.yaml'), 'labels: []\n')
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  const harrier = (...argv: string[]) => runHarrier(folder, argv)

  it('imports the good lines among bad ones, names the bad ones without their text, and exports what it took', async () => {
    const secret = 'f'.repeat(63)
    const rows = [
      `${'a1'.repeat(32)},${md5Of(1)},,,80,A1,"seen, twice",id-1\n`,
      `${secret},,,,,,,\n`,
      `,,${'c3'.repeat(20)},,,,,id-2\n`,
      `${'b2'.repeat(32)},,,,49,,,\n`,
    ]
    await writeFile(join(folder, 'list.csv'), header + rows.join(''))
    expect((await harrier('bank', 'create', 'known')).code).toBe(0)
    const imported = await harrier(
      'bank',
      'import',
      'known',
      'list.csv',
      '--json',
      '--rejects',
      'rejects.csv',
    )
    expect(imported.code).toBe(3)
    expect(linesOf(imported.out)).toEqual([
      {
        bank: 'known',
        format: 'csv',
        lines: 5,
        added: 2,
        duplicates: 0,
        rejected: 2,
        leftOut: 0,
        resumedAfter: 0,
        ignoredColumns: [],
        seconds: expect.any(Number),
      },
    ])
    expect(imported.err.split('\n').filter(Boolean)).toEqual([
      expect.stringMatching(/^harrier: line 3 rejected: the PDQ hash is not 64 hex digits$/),
      expect.stringMatching(/^harrier: line 5 rejected: the quality is below/),
    ])
    const rejects = await readFile(join(folder, 'rejects.csv'), 'utf8')
    expect(rejects).toMatch(/^line,reason,explanation\n3,bad-pdq,".+"\n5,low-quality,".+"\n$/)
    expect(imported.err + rejects).not.toContain(secret.slice(0, 8))

    const good = header + rows[0] + rows[2]
    expect(await harrier('bank', 'export', 'known', '--format', 'csv')).toEqual({
      code: 0,
      out: good,
      err: '',
    })
    expect((await harrier('bank', 'export', 'known', 'copy.jsonl')).code).toBe(0)
    expect((await stat(join(folder, 'copy.jsonl'))).mode & 0o777).toBe(0o600)
    expect((await harrier('bank', 'create', 'copy')).code).toBe(0)
    expect((await harrier('bank', 'import', 'copy', 'copy.jsonl')).code).toBe(0)
    expect((await harrier('bank', 'export', 'copy', '--format', 'csv')).out).toBe(good)
    expect(await harrier('match', 'c3'.repeat(20), '--json')).toMatchObject({
      code: 0,
      out: expect.stringContaining('"hashType":"sha1"'),
    })
  })

  it('reads standard input, wants to be told what 64 digits are, and fills a bank that has some of it', async () => {
    const input = `${md5Of(7)}\n${'e5'.repeat(32)}\n`
    expect((await harrier('bank', 'create', 'lines')).code).toBe(0)
    const run = (...more: string[]) =>
      runHarrier(folder, ['bank', 'import', 'lines', '-', ...more], { input })
    expect(await run()).toMatchObject({ code: 2, err: expect.stringContaining('--format') })
    expect(await run('--format', 'lines')).toMatchObject({ code: 1, err: expect.stringContaining('--type') })
    expect(await run('--format', 'lines', '--type', 'sha256')).toMatchObject({
      code: 3,
      out: expect.stringMatching(/1 added, 0 there already, 1 rejected/),
    })
    expect(await run('--format', 'lines', '--type', 'md5')).toMatchObject({
      out: expect.stringContaining('1 added'),
    })
    expect((await harrier('bank', 'export', 'lines', 'out.txt', '--type', 'sha256')).code).toBe(0)
    expect(await readFile(join(folder, 'out.txt'), 'utf8')).toBe(`${'e5'.repeat(32)}\n`)
  })

  it('says what is wrong with a file, a format or an option, and leaves nothing half written', async () => {
    await mkdir(join(folder, 'taken.csv'))
    const cases: [string[], number, string][] = [
      [['bank', 'import', 'known', 'gone.csv'], 1, 'no such file'],
      [['bank', 'import', 'known', 'taken.csv'], 1, 'folder'],
      [['bank', 'import', 'known', 'list.xlsx'], 2, '--format'],
      [['bank', 'import', 'known', 'list.csv', '--type', 'pdq'], 2, 'only with lines'],
      [['bank', 'import', 'knwon', 'list.csv'], 1, 'did you mean known'],
      [['bank', 'import', 'known', 'rejects.csv'], 1, 'header row'],
      [['bank', 'import', 'known', 'list.csv', '--rejects', 'no/folder.csv'], 1, 'no such file'],
      [['bank', 'export', 'known', 'no/folder.csv'], 1, 'no such file'],
      [['bank', 'export', 'known', 'taken.csv'], 1, 'folder'],
    ]
    for (const [argv, code, text] of cases) {
      const ended = await harrier(...argv)
      expect([ended.code, ended.out, ended.err.split('\n').length], argv.join(' ')).toEqual([code, '', 2])
      expect(ended.err).toContain(text)
    }
    expect((await readdir(folder)).filter((name) => name.includes('.part'))).toEqual([])
  })
})

describe('an import that is killed after any durable step', () => {
  // Three batches, with bad lines and lines that come twice in each of them.
  const count = 85_000
  const lines = Array.from({ length: count }, (_, n) =>
    n % 1000 === 5 ? 'bad' : n % 1000 === 6 ? md5Of(6) : md5Of(n),
  )
  const stack = new AsyncDisposableStack()
  let prepared: string
  beforeAll(async () => {
    prepared = mkdtempSync(join(tmpdir(), 'harrier-killed-'))
    stack.defer(() => rmSync(prepared, { recursive: true }))
    await writeFile(join(prepared, 'policy.yaml'), 'labels: []\n')
    await writeFile(join(prepared, 'list.txt'), `${lines.join('\n')}\n`)
    expect((await runHarrier(prepared, ['bank', 'create', 'known'])).code).toBe(0)
  })
  afterAll(() => stack.disposeAsync())

  it('loses nothing and doubles nothing when the same command goes on with it', async () => {
    let [deaths, resumed, isKilled] = [0, 0, true]
    for (let step = 1; isKilled; step++) {
      const { wasKilled, result, rejects, exported } = await importTwice(step)
      // Once the last step is durable the import is done, and the same command is a new one that finds everything there.
      const counts =
        wasKilled && result.resumedAfter === 0 && resumed === 3
          ? { added: 0, duplicates: count - 85 }
          : { added: count - 169, duplicates: 84 }
      expect(result, `after step ${step}`).toMatchObject({ ...counts, lines: count, rejected: 85 })
      expect(rejects, `after step ${step}`).toEqual(
        lines.flatMap((line, n) => (line === 'bad' ? [`${n + 1},bad-hash`] : [])),
      )
      expect(exported === `${[...new Set(lines)].filter((line) => line !== 'bad').join('\n')}\n`).toBe(true)
      isKilled = wasKilled
      if (wasKilled) deaths += 1
      if (result.resumedAfter > 0) resumed += 1
    }
    // The start, three batches and the end; behind each batch it went on from there.
    expect(deaths).toBeGreaterThanOrEqual(5)
    expect(resumed).toBe(3)
  }, 400_000)

  /** Imports in a process that dies after `step`, then again in one that does not. */
  async function importTwice(step: number) {
    const folder = mkdtempSync(join(tmpdir(), 'harrier-killed-'))
    try {
      cpSync(prepared, folder, { recursive: true })
      const argv = ['bank', 'import', 'known', 'list.txt', '--json', '--rejects', 'rejects.csv']
      const program = [join(import.meta.dirname, 'support/mortal-command.ts'), String(step), 'bank_imports']
      const first = await runHarrier(folder, argv, { program })
      const wasKilled = first.code === -1
      const last = wasKilled ? await runHarrier(folder, argv) : first
      expect(last.code).toBe(3)
      const [result] = linesOf(last.out) as [{ readonly resumedAfter: number }]
      const rejects = (await readFile(join(folder, 'rejects.csv'), 'utf8')).trimEnd().split('\n').slice(1)
      const exported = await runHarrier(folder, ['bank', 'export', 'known', '--format', 'lines'])
      return {
        wasKilled,
        result,
        rejects: rejects.map((row) => row.split(',').slice(0, 2).join(',')),
        exported: exported.out,
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
})
