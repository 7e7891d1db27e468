import { parse } from 'csv-parse/sync'
import { array, assert, constantFrom, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatCsvRecord, splitCsvRecord } from './csv-record.ts'

/** Texts made of what matters to CSV. */
const field = string({ unit: constantFrom('a', '"', ',', '\n', '\r', ' ', 'é', '😀') })

describe('a CSV record', () => {
  it('is read back as it was written, by us and by another library', () => {
    assert(
      property(array(field, { minLength: 1, maxLength: 5 }), (fields) => {
        const text = formatCsvRecord(fields)
        expect(splitCsvRecord(text.slice(0, -1))).toEqual(fields)
        // That library passes over a line that holds nothing at all.
        if (text !== '\n') expect(parse(text, { record_delimiter: '\n' })).toEqual([fields])
      }),
      { numRuns: 1000 },
    )
  })

  it('is refused exactly when another library refuses it, and else read the same', () => {
    let [refused, taken] = [0, 0]
    const text = string({ unit: constantFrom('a', '"', ','), minLength: 1, maxLength: 8 })
    assert(
      property(text, (line) => {
        const ours = splitCsvRecord(line)
        if (typeof ours === 'string') {
          refused += 1
          expect(() => parse(line, { record_delimiter: '\n' }) as unknown).toThrow(/[Qq]uote/)
        } else {
          taken += 1
          expect(parse(line, { record_delimiter: '\n' })).toEqual([ours])
        }
      }),
      { numRuns: 2000 },
    )
    expect(Math.min(refused, taken)).toBeGreaterThan(100)
  })

  it.each([
    ['an open quote', '"a', 'unclosed-quote'],
    ['an open quote that ends in a doubled one', 'x,"a""', 'unclosed-quote'],
    ['a quote inside a plain field', 'a"b', 'bad-quoting'],
    ['text behind a closing quote', '"a"b,c', 'bad-quoting'],
    ['a carriage return in a plain field', 'a\rb', 'bad-quoting'],
  ])('with %s is refused', (_, text, reason) => {
    expect(splitCsvRecord(text)).toBe(reason)
  })

  it('quotes only what needs it', () => {
    expect(formatCsvRecord(['', 'a b', 'a,b', 'a"b', 'a\nb'])).toBe(',a b,"a,b","a""b","a\nb"\n')
  })
})
