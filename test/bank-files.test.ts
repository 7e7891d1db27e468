import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Arbitrary,
  array,
  assert,
  asyncProperty,
  constantFrom,
  integer,
  record,
  string,
  uint8Array,
  uniqueArray,
} from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exportBank } from '../src/bank-file/export-bank.ts'
import { type ImportOptions, type ImportSource, importFile } from '../src/bank-file/import-file.ts'
import type { Bank, ContentHash } from '../src/model/bank.ts'
import type { BankFileFormat, ImportPlace, Rejection } from '../src/model/bank-file.ts'
import { type HashType, hashHexDigits, hashTypes } from '../src/model/hash.ts'
import type { NewContent } from '../src/store/bank-contents.ts'
import type { Database } from '../src/store/database.ts'
import { openSqlite } from '../src/store/sqlite.ts'

const now = () => new Date('2026-01-01T00:00:00.000Z')
const never = new AbortController().signal

const hash = (type: HashType): Arbitrary<ContentHash> => {
  const length = hashHexDigits[type] / 2
  return record({
    type: constantFrom(type),
    value: uint8Array({ minLength: length, maxLength: length }).map((bytes) =>
      Buffer.from(bytes).toString('hex'),
    ),
    quality: type === 'pdq' ? integer({ min: 50, max: 100 }) : constantFrom(100),
  })
}
const text = (maxLength: number) =>
  string({
    unit: constantFrom('a', '"', ',', '\n', '\r', ' ', '\\', '\t', 'é', '😀', '\u{2028}'),
    maxLength: maxLength / 2,
  })
const content: Arbitrary<NewContent> = record({
  hashes: array(constantFrom(...hashTypes), { minLength: 1 }).chain((types) => {
    const wanted = hashTypes.filter((type) => types.includes(type))
    return record(Object.fromEntries(wanted.map((type) => [type, hash(type)]))).map((found) =>
      Object.values(found),
    )
  }),
  label: text(20),
  note: text(60),
  sourceId: text(20),
})
/** Contents that a bank can hold side by side: no hash twice. */
const contents = uniqueArray(content, {
  maxLength: 8,
  comparator: (a, b) => a.hashes.some((one) => b.hashes.some((other) => one.value === other.value)),
})
const plain = { label: '', note: '', sourceId: '' }

describe('files of known content', () => {
  let folder: string
  let db: Database
  let banks = 0
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'harrier-files-'))
    db = await openSqlite({ path: join(folder, 'harrier.db') })
  })
  afterEach(async () => {
    await db[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  const createBank = (): Promise<Bank> =>
    db.banks.create({
      name: `bank-${++banks}`,
      threshold: 31,
      minQuality: 50,
      profile: 'unknown',
      createdAt: now().toISOString(),
    })
  const sourceOf = (file: string | Buffer, path: string | undefined = '/list'): ImportSource => ({
    path,
    async *read(offset, end) {
      const bytes = Buffer.from(file).subarray(offset, end)
      for (let at = 0; at < bytes.length; at += 4096) yield bytes.subarray(at, at + 4096)
    },
  })
  const importInto = (bank: Bank, source: ImportSource, options: ImportOptions, signal = never) =>
    importFile(
      {
        database: db,
        audit: ({ audit }, action, subject, details) =>
          audit.append([{ at: now().toISOString(), actor: 'cli', action, subject, details }]),
        now,
      },
      bank,
      source,
      options,
      signal,
    )
  const exported = async (bank: Bank, format: BankFileFormat, type?: HashType) =>
    (await Array.fromAsync(exportBank(db.banks, bank, { format, type }))).map((page) => page.text).join('')
  const held = async (bank: Bank): Promise<NewContent[]> =>
    (await db.banks.contents(bank.id, 0, 1e6)).map(({ hashes, label, note, sourceId }) => ({
      hashes,
      label,
      note,
      sourceId,
    }))

  it.each([
    'csv',
    'jsonl',
  ] as const)('written as %s are read back into an equal bank, and written the same again', async (format) => {
    let seen = 0
    await assert(
      asyncProperty(contents, async (wanted) => {
        const bank = await createBank()
        for (const one of wanted) await db.banks.addContent(bank.id, one, now().toISOString())
        const file = await exported(bank, format)
        const copy = await createBank()
        const result = await importInto(copy, sourceOf(file), { format })
        expect(result).toMatchObject({ added: wanted.length, duplicates: 0, rejected: 0, leftOut: 0 })
        expect(await held(copy)).toEqual(wanted)
        expect(await exported(copy, format)).toBe(file)
        seen += wanted.length
      }),
      { numRuns: 60 },
    )
    expect(seen).toBeGreaterThan(60)
  })

  it.each([
    ...hashTypes,
  ])('with one %s hash per line are read back into an equal bank, and written the same again', async (type) => {
    const hashes = uniqueArray(hash(type), { maxLength: 20, selector: ({ value }) => value })
    await assert(
      asyncProperty(hashes, async (wanted) => {
        const file = wanted.map(({ value }) => `${value}\n`).join('')
        const bank = await createBank()
        expect(await importInto(bank, sourceOf(file), { format: 'lines', type })).toMatchObject({
          added: wanted.length,
          rejected: 0,
        })
        expect(await held(bank)).toEqual(
          wanted.map((one) => ({ hashes: [{ ...one, quality: 100 }], ...plain })),
        )
        expect(await exported(bank, 'lines', type)).toBe(file)
      }),
      { numRuns: 30 },
    )
  })

  it('of one hash per line hold those of the type that is asked for, which must be said where two look alike', async () => {
    const bank = await createBank()
    const [pdq, sha256, md5] = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(32)]
    await importInto(bank, sourceOf(`pdq,md5\n${pdq},\n,${md5}\n`), { format: 'csv' })
    expect(await exported(bank, 'lines')).toBe(`${pdq}\n${md5}\n`)
    await importInto(bank, sourceOf(`sha256\n${sha256}\n`), { format: 'csv' })
    await expect(exported(bank, 'lines')).rejects.toThrow('--type')
    const pages = await Array.fromAsync(exportBank(db.banks, bank, { format: 'lines', type: 'sha256' }))
    expect(pages).toEqual([{ text: `${sha256}\n`, contents: 3, leftOut: 2 }])
  })

  it('leave out what the bank holds, count it, and leave one audit row at the start and one at the end', async () => {
    const bank = await createBank()
    const md5s = ['1', '2', '3'].map((digit) => digit.repeat(32))
    const file = `${md5s.join('\n')}\nbad\n${md5s[0]}\n`
    const rejected: Rejection[] = []
    const onRejected = (rejections: readonly Rejection[]) => void rejected.push(...rejections)
    const counts = { added: 3, duplicates: 1, rejected: 1, leftOut: 0, lines: 5 }
    expect(await importInto(bank, sourceOf(file), { format: 'lines', onRejected })).toMatchObject(counts)
    expect(rejected).toEqual([{ line: 4, reason: 'bad-hash' }])
    expect(await importInto(bank, sourceOf(file), { format: 'lines' })).toMatchObject({
      added: 0,
      duplicates: 4,
    })
    const rows = (await db.audit.list(bank.name, 10)).toReversed()
    expect(rows.slice(0, 2).map(({ action, details }) => [action, details])).toEqual([
      ['bank.import-started', { format: 'lines', afterLine: 0 }],
      ['bank.import-finished', counts],
    ])
    expect(rows).toHaveLength(4)
  })

  describe('that are cut short', () => {
    const count = 45_000
    const lines = Array.from({ length: count }, (_, n) => `${n.toString(16).padStart(32, '0')},n${n}`)
    lines[10] = 'bad'
    lines[count - 10] = lines[0] ?? ''
    const file = `md5,note\n${lines.join('\n')}\n`

    /** Imports until the first batch is durable, as a person who then presses Ctrl-C. */
    async function importFirstBatch(bank: Bank, source: ImportSource): Promise<ImportPlace> {
      const interrupt = new AbortController()
      let place: ImportPlace | undefined
      const onPlace = (reached: ImportPlace): void => {
        place = reached
        if (reached.line > 0) interrupt.abort(new Error('interrupted'))
      }
      await expect(importInto(bank, source, { format: 'csv', onPlace }, interrupt.signal)).rejects.toThrow(
        'interrupted',
      )
      expect(place?.line).toBeGreaterThan(10)
      expect(place?.line).toBeLessThan(count)
      return place as ImportPlace
    }

    it('go on where they stopped, columns and counts with them', async () => {
      const bank = await createBank()
      const place = await importFirstBatch(bank, sourceOf(file))
      expect(await held(bank)).toHaveLength(place.counts.added)
      const offsets: number[] = []
      const source = sourceOf(file)
      const watched: ImportSource = {
        ...source,
        read: (offset, end) => {
          offsets.push(offset)
          return source.read(offset, end)
        },
      }
      const result = await importInto(bank, watched, { format: 'csv' })
      expect(result).toMatchObject({
        added: count - 2,
        duplicates: 1,
        rejected: 1,
        lines: count + 1,
        resumedAfter: place.line,
      })
      expect(offsets).toEqual([0, 0, place.offset])
      expect((await held(bank)).map(({ note }) => note)).toEqual(
        lines.flatMap((_, n) => (n === 10 || n === count - 10 ? [] : [`n${n}`])),
      )
      const actions = (await db.audit.list(bank.name, 9)).map(({ action }) => action)
      expect(actions).toEqual([
        'bank.import-finished',
        'bank.import-started',
        'bank.import-stopped',
        'bank.import-started',
      ])
      expect(await importInto(bank, sourceOf(file), { format: 'csv' })).toMatchObject({
        resumedAfter: 0,
        added: 0,
      })
    })

    it('are refused when they have changed since, and begin anew when told to', async () => {
      const bank = await createBank()
      const { line, offset } = await importFirstBatch(bank, sourceOf(file))
      const changed = Buffer.from(file)
      changed.write('x', offset - 2)
      const attempt = (other: string | Buffer, options: ImportOptions) =>
        importInto(bank, sourceOf(other), options)
      await expect(attempt(changed, { format: 'csv' })).rejects.toThrow(`line ${line}`)
      await expect(attempt(file.slice(0, offset - 1), { format: 'csv' })).rejects.toThrow('shorter')
      await expect(attempt(file, { format: 'jsonl' })).rejects.toThrow('--restart')
      const anew = await attempt(changed, { format: 'csv', isRestart: true })
      expect(anew).toMatchObject({ resumedAfter: 0, lines: count + 1 })
      expect(await held(bank)).toHaveLength(count - 2)
    })

    it('end when their bank is removed, or another process imports them', async () => {
      const [bank, other] = [await createBank(), await createBank()]
      const onRemoved = async ({ line }: ImportPlace) => {
        if (line > 0) await db.banks.remove(bank.id)
      }
      await expect(importInto(bank, sourceOf(file), { format: 'csv', onPlace: onRemoved })).rejects.toThrow(
        'removed',
      )
      const onTaken = async ({ line }: ImportPlace) => {
        if (line === 0) await db.imports.save(other.id, '/list', placeElsewhere, undefined)
      }
      await expect(importInto(other, sourceOf(file), { format: 'csv', onPlace: onTaken })).rejects.toThrow(
        'only import',
      )
      expect(await held(other)).toEqual([])
    })
  })
})

const placeElsewhere: ImportPlace = {
  format: 'csv',
  offset: 5,
  line: 1,
  digest: 'other',
  counts: { added: 0, duplicates: 0, rejected: 0, leftOut: 0 },
}
