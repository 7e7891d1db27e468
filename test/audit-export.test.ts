import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateSigningKey, importSigningKey, type SigningKey } from '../src/atproto/signing-key.ts'
import { readTextLines } from '../src/audit/read-lines.ts'
import { verifyExport } from '../src/audit/verify-export.ts'
import type { Database } from '../src/store/database.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { auditEntryOf, openAuditDesk } from './support/audit.ts'
import { hasPython } from './support/has-python.ts'

const count = 12
const texts = ['plain', 'é \u{1f426} \u2028', '5:x,', 'a\u0000b', '"\\\n']
const timeOf = (n: number) => new Date(Date.UTC(2026, 0, n)).toISOString()
const script = join(import.meta.dirname, '../docs/verify-audit.py')

/** One that refuses, or says what is wrong. */
type Verdict = 'whole' | 'broken' | 'refused'

describe('an export of the audit', () => {
  let folder: string
  let key: SigningKey
  let database: Database
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'harrier-audit-'))
    key = await generateSigningKey()
    database = await openSqlite({ path: ':memory:' })
    for (let n = 1; n <= count; n++)
      await database.audit.append([
        auditEntryOf(`${texts[n % texts.length]}`, {
          at: timeOf(n),
          details: { text: texts[n % texts.length], n },
        }),
      ])
  })
  afterAll(async () => {
    await database[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  async function write(range: { since?: string; until?: string } = {}, signing = key): Promise<string[]> {
    const lines: string[] = []
    const desk = await openAuditDesk(database, signing)
    for await (const line of desk.export(range, new AbortController().signal)) lines.push(line)
    return lines
  }

  async function* bytesOf(lines: readonly string[]) {
    // Cut anywhere, also amid a letter.
    const bytes = Buffer.from(`${lines.join('\n')}\n`)
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
  }

  /** Verifies lines with Harrier, and with the script where there is Python, which have to agree. */
  async function verify(lines: readonly string[], by = key): Promise<{ verdict: Verdict; told: string }> {
    const ours = await verifyExport(readTextLines(bytesOf(lines)), {
      keys: [by.did()],
      onRow: () => undefined,
    }).then(
      ({ check }) =>
        ({ verdict: check.kind === 'intact' ? 'whole' : 'broken', told: JSON.stringify(check) }) as const,
      (error: unknown) => ({ verdict: 'refused', told: String(error) }) as const,
    )
    if (hasPython([])) {
      const path = join(folder, 'export.jsonl')
      writeFileSync(path, `${lines.join('\n')}\n`)
      const { status } = spawnSync('python3', [script, path, by.did()])
      expect(status, ours.told).toBe(ours.verdict === 'whole' ? 0 : 1)
    }
    return ours
  }

  it('verifies by itself, whole and in part, and leaves a row of what was taken', async () => {
    const whole = await write()
    expect(whole).toHaveLength(count + 2)
    expect(await verify(whole)).toMatchObject({ verdict: 'whole' })
    const [row] = await database.audit.list('audit', 1)
    expect(row).toMatchObject({ action: 'audit.exported', details: { after: 0, last: count } })
    const part = await write({ since: timeOf(4), until: timeOf(8) })
    const ids = part.slice(1, -1).map((line) => (JSON.parse(line) as { id: number }).id)
    expect(ids).toEqual([4, 5, 6, 7])
    const { verdict, told } = await verify(part)
    expect(verdict).toBe('whole')
    expect(JSON.parse(told)).toMatchObject({ after: { id: 3 }, rows: 4, last: { id: 7 } })
    await expect(write({ since: '2027-01-01T00:00:00.000Z' })).rejects.toMatchObject({ kind: 'not-found' })
  })

  it('verifies with a key of P-256 as well', async () => {
    const other = await importSigningKey(`p256:${'7'.repeat(64)}`)
    expect(await verify(await write({}, other), other)).toMatchObject({ verdict: 'whole' })
  })

  it('is refused when another key signed it, or names the key and has not signed', async () => {
    const intruder = await generateSigningKey()
    const theirs = await write({}, intruder)
    expect(await verify(theirs, intruder)).toMatchObject({ verdict: 'whole' })
    expect(await verify(theirs)).toMatchObject({
      verdict: 'refused',
      told: expect.stringContaining('HeadSignatureError'),
    })
    const posing = theirs.map((line) => line.replace(intruder.did(), key.did()))
    expect(posing.at(-1)).toContain(key.did())
    expect(await verify(posing)).toMatchObject({
      verdict: 'refused',
      told: expect.stringContaining('not of that key'),
    })
  })

  const swap = (lines: string[], a: number, b: number) =>
    lines.map((line, i) => (i === a ? lines[b] : i === b ? lines[a] : line) ?? '')
  /** Another first digit of a hash. */
  const flipHash = (line = '') => line.replace(/(?<="hash":")./, (digit) => (digit === '0' ? '1' : '0'))
  it.each<[what: string, verdict: Verdict, told: string, (lines: string[]) => string[]]>([
    [
      'a row is changed',
      'broken',
      '"row":5,"fault":"changed"',
      (lines) => lines.with(5, lines[5]?.replace('cli', 'nobody') ?? ''),
    ],
    [
      'the text of the details is written otherwise',
      'broken',
      '"row":5,"fault":"changed"',
      (lines) => lines.with(5, lines[5]?.replace('"{', '"{ ') ?? ''),
    ],
    ['a row is left out', 'broken', '"row":5,"fault":"missing"', (lines) => lines.toSpliced(5, 1)],
    ['the last row is left out', 'broken', '"row":12,"fault":"missing"', (lines) => lines.toSpliced(12, 1)],
    ['two rows change places', 'broken', '"row":5,"fault":"order"', (lines) => swap(lines, 5, 6)],
    ['rows that are apart change places', 'broken', '"row":3,"fault":"order"', (lines) => swap(lines, 3, 9)],
    [
      'a row is there twice',
      'broken',
      '"row":5,"fault":"added"',
      (lines) => lines.toSpliced(5, 0, lines[5] ?? ''),
    ],
    [
      'an old row comes last',
      'broken',
      '"row":2,"fault":"added"',
      (lines) => lines.toSpliced(13, 0, lines[2] ?? ''),
    ],
    [
      'the place before the first row is another',
      'broken',
      '"row":1,"fault":"changed"',
      (lines) => lines.with(0, flipHash(lines[0])),
    ],
    [
      'the database is another',
      'refused',
      'begins with the database',
      (lines) => lines.with(0, lines[0]?.replace(/"databaseId":"./, '"databaseId":"x') ?? ''),
    ],
    ['the first rows are left out', 'broken', '"row":1,"fault":"missing"', (lines) => lines.toSpliced(1, 3)],
    ['the head is left out', 'refused', 'a signed head at the end', (lines) => lines.slice(0, -1)],
    [
      'rows follow the head',
      'refused',
      'nothing after the signed head',
      (lines) => [...lines, lines[5] ?? ''],
    ],
    [
      'the head is of another time',
      'refused',
      'HeadSignatureError',
      (lines) => lines.map((line) => line.replace(/(?<="head":.*"at":")2026/, '2025')),
    ],
    ['a line is no JSON', 'refused', 'line 6', (lines) => lines.with(5, '{"id":5')],
  ])('does not verify where %s', async (_, verdict, told, change) => {
    const lines = await write({ until: timeOf(count + 1) })
    const changed = change(lines)
    expect(changed).not.toEqual(lines)
    expect(await verify(changed)).toEqual({ verdict, told: expect.stringContaining(told) })
  })

  it('is refused when it is no text, or has no line end in sight', async () => {
    const options = { keys: [key.did()], onRow: () => undefined }
    async function* bytes() {
      yield new Uint8Array([0xff, 0xfe])
    }
    await expect(verifyExport(readTextLines(bytes()), options)).rejects.toThrow('UTF-8')
    async function* endless() {
      while (true) yield new Uint8Array(1_000_000).fill(97)
    }
    await expect(verifyExport(readTextLines(endless()), options)).rejects.toThrow('at most')
    async function* nothing(): AsyncGenerator<Uint8Array> {}
    await expect(verifyExport(readTextLines(nothing()), options)).rejects.toThrow('an empty file')
  })
})
