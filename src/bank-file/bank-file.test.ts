import { assert, asyncProperty, integer, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BankFileFormat } from '../model/bank-file.ts'
import type { HashType } from '../model/hash.ts'
import { type FileRow, rowReaders } from './bank-file.ts'
import { readLines } from './read-lines.ts'

const pdq = 'a1'.repeat(32)
const md5 = 'b2'.repeat(16)
const sha1 = 'c3'.repeat(20)
const sha256 = 'd4'.repeat(32)

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

type Read = { readonly rows: readonly FileRow[]; readonly ignoredColumns: readonly number[] }

async function read(
  format: BankFileFormat,
  file: string | Uint8Array,
  { size = 7, type }: { size?: number; type?: HashType } = {},
): Promise<Read> {
  const reader = rowReaders[format]({ minQuality: 50, type })
  const rows: FileRow[] = []
  const bytes = typeof file === 'string' ? Buffer.from(file) : file
  for await (const lines of readLines(inPieces(bytes, size), { offset: 0, line: 0 }))
    rows.push(...reader.push(lines))
  rows.push(...reader.end())
  return { rows, ignoredColumns: reader.ignoredColumns }
}

/** Each row in short: its line, and its hashes' types or the reason. */
async function outline(...args: Parameters<typeof read>): Promise<[number, string][]> {
  const { rows } = await read(...args)
  return rows.map(({ first, result }) => [
    first,
    result.kind === 'content' ? result.content.hashes.map((hash) => hash.type).join(' ') : result.reason,
  ])
}

describe('reading a CSV file', () => {
  it('takes columns in any order and case, CRLF, a byte order mark, blank lines and upper-case hashes', async () => {
    const file = `\u{feff}MD5, note ,pdq,extra\r\n\r\n${md5.toUpperCase()},"a, ""b""\r\nc", ${pdq} ,x\r\n\n,,${pdq},\n`
    const { rows, ignoredColumns } = await read('csv', file)
    expect(ignoredColumns).toEqual([4])
    expect(rows.map(({ first, last }) => [first, last])).toEqual([
      [3, 4],
      [6, 6],
    ])
    expect(rows.at(-1)?.end).toBe(Buffer.byteLength(file))
    expect(rows[0]?.result).toEqual({
      kind: 'content',
      content: {
        hashes: [
          { type: 'pdq', value: pdq, quality: 100 },
          { type: 'md5', value: md5, quality: 100 },
        ],
        label: '',
        note: 'a, "b"\r\nc',
        sourceId: '',
      },
      isPdqLeftOut: false,
    })
  })

  it('rejects a bad row by the number of its line, and reads on behind it', async () => {
    const rows: [string, string][] = [
      [`${pdq},,,,100,,,`, 'pdq'],
      [`${pdq},,,,,,`, 'wrong-columns'],
      [`${pdq}0,,,,,,,`, 'bad-pdq'],
      [`,${md5.slice(1)},,,,,,`, 'bad-md5'],
      [`,,${'g'.repeat(40)},,,,,`, 'bad-sha1'],
      [`,,,${sha1},,,,`, 'bad-sha256'],
      [`${pdq},,,,101,,,`, 'bad-quality'],
      [`${pdq},,,,5e1,,,`, 'bad-quality'],
      [`${pdq},,,,49,,,`, 'low-quality'],
      [`${pdq},${md5},,${sha256},49,,,`, 'md5 sha256'],
      [',,,,,label,,', 'no-hash'],
      [`,${md5},,,,${'x'.repeat(201)},,`, 'long-text'],
      [`,${md5},,,,${'x'.repeat(200)},,`, 'md5'],
      [`,${md5},,,,,a\0b,`, 'bad-text'],
      [`,${md5},,,,,a"b,`, 'bad-quoting'],
      [`,${md5},,,,,"${'x'.repeat(17_000)}",`, 'too-long'],
      [`,,${sha1},${sha256},,,,`, 'sha1 sha256'],
    ]
    const file = `pdq,md5,sha1,sha256,quality,label,note,source_id\n${rows.map(([row]) => row).join('\n')}`
    const expected = rows.map(([, found], index) => [index + 2, found])
    expect(await outline('csv', file)).toEqual(expected)
    expect(await outline('csv', file, { size: 100_000 })).toEqual(expected)
  })

  it('rejects the line that opens a quote which nothing closes, and none behind it', async () => {
    const good = `${md5},\n`
    const file = `md5,note\n${good}${md5},"open\n${good.repeat(600)}`
    const found = await outline('csv', file, { size: 4096 })
    expect(found).toHaveLength(602)
    expect(found.filter(([, what]) => what !== 'md5')).toEqual([[3, 'unclosed-quote']])
    expect(await outline('csv', `md5,note\n${md5},"open\n${good}`)).toEqual([
      [2, 'unclosed-quote'],
      [3, 'md5'],
    ])
  })

  it('rejects a line that is no UTF-8, and takes the text around it', async () => {
    const file = Buffer.concat([
      Buffer.from(`md5,note\n${md5},é😀\n${md5},`),
      Buffer.from([0xff, 0x0a]),
      Buffer.from(`${md5},é\n`),
    ])
    for (const size of [1, 1000]) {
      expect(await outline('csv', file, { size })).toEqual([
        [2, 'md5'],
        [3, 'not-utf8'],
        [4, 'md5'],
      ])
    }
  })

  it.each([
    ['an empty file', '', 'no row'],
    ['a file without a header', `${pdq},${md5}\n`, 'none of them'],
    ['a header with a column twice', 'pdq,PDQ\n', 'pdq twice'],
    ['a header that is no CSV', '"pdq\n', 'no CSV'],
  ])('refuses %s, and repeats nothing of it', async (_, file, message) => {
    const error = await read('csv', file).then(
      () => undefined,
      (refusal: Error) => refusal,
    )
    expect(error?.message).toContain(message)
    expect(error?.message).not.toContain(pdq)
  })
})

describe('reading JSON lines', () => {
  it('takes the same keys, null for absent, and passes over others', async () => {
    const row = { sha1, quality: null, source_id: 'é', other: [{ deep: 1 }] }
    const { rows } = await read('jsonl', `${JSON.stringify(row)}\r\n`)
    expect(rows[0]?.result).toMatchObject({
      kind: 'content',
      content: { hashes: [{ type: 'sha1', value: sha1 }], sourceId: 'é' },
    })
  })

  it('rejects what is no such object, by the number of its line', async () => {
    const rows: [string, string][] = [
      [`{"pdq":"${pdq}","quality":50}`, 'pdq'],
      ['{"pdq":', 'not-json'],
      ['[]', 'not-object'],
      ['null', 'not-object'],
      [`{"pdq":"${pdq}","quality":"50"}`, 'wrong-type'],
      ['{"md5":5}', 'wrong-type'],
      [`{"pdq":"${pdq}","quality":50.5}`, 'bad-quality'],
      [`{"pdq":"${pdq}","quality":-1}`, 'bad-quality'],
      ['{"signal":"x"}', 'no-hash'],
      [`{"__proto__":{"md5":"${md5}"}}`, 'no-hash'],
      [`{"md5":"${md5}","note":"\\ud800"}`, 'bad-text'],
      ['['.repeat(16_000), 'not-json'],
      [`{"md5":"${md5}"}`, 'md5'],
    ]
    expect(await outline('jsonl', rows.map(([row]) => row).join('\n'))).toEqual(
      rows.map(([, found], index) => [index + 1, found]),
    )
  })
})

describe('reading one hash per line', () => {
  it('tells MD5 and SHA-1 by their digits, and rejects what is no hash', async () => {
    expect(await outline('lines', `${md5}\n ${sha1}\t\n\nzz\n${md5}0`)).toEqual([
      [1, 'md5'],
      [2, 'sha1'],
      [4, 'bad-hash'],
      [5, 'bad-hash'],
    ])
  })

  it('must be told what 64 digits are', async () => {
    await expect(read('lines', `${md5}\n${pdq}\n`)).rejects.toThrow(/line 2.*--type/)
    expect(await outline('lines', `${pdq}\n${md5}\n`, { type: 'sha256' })).toEqual([
      [1, 'sha256'],
      [2, 'bad-sha256'],
    ])
  })
})

describe('reading any bytes at all', () => {
  it.each([
    'csv',
    'jsonl',
    'lines',
  ] as const)('as %s ends, in rows that cover the file in order', async (format) => {
    let seen = 0
    await assert(
      asyncProperty(uint8Array({ maxLength: 300 }), integer({ min: 1, max: 50 }), async (bytes, size) => {
        const file = Buffer.concat([Buffer.from(format === 'csv' ? 'md5,note\n' : ''), bytes])
        const { rows } = await read(format, file, { size, type: 'md5' })
        let [line, end] = [0, 0]
        for (const row of rows) {
          expect(row.first).toBeGreaterThan(line)
          expect(row.end).toBeGreaterThan(end)
          expect(row.end).toBeLessThanOrEqual(file.length)
          ;({ last: line, end } = row)
          seen += 1
        }
      }),
    )
    expect(seen).toBeGreaterThan(50)
  })
})
