import type { RejectReason } from '../model/bank-file.ts'
import type { RowOptions, RowReader } from './bank-file.ts'
import { createLineReader } from './line-reader.ts'
import { columns, parseContent, type RowValues } from './parse-content.ts'

/** Returns a reader of JSON lines: an object a line, with the columns of CSV as keys. Other keys are passed over. */
export function createJsonLineReader(options: RowOptions): RowReader {
  return createLineReader((text) => {
    const values = parseValues(text)
    return typeof values === 'string' ? { kind: 'rejected', reason: values } : parseContent(values, options)
  })
}

/** Returns the values of an object as a row's; null is taken for absent. */
function parseValues(text: string): RowValues | RejectReason {
  const parsed = parseJson(text)
  if (parsed === undefined) return 'not-json'
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'not-object'
  const values: RowValues = {}
  for (const column of columns) {
    const value = Object.hasOwn(parsed, column) ? (parsed as Record<string, unknown>)[column] : null
    if (value === null) continue
    if (column === 'quality' && typeof value === 'number') values.quality = String(value)
    else if (column !== 'quality' && typeof value === 'string') values[column] = value
    else return 'wrong-type'
  }
  return values
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
