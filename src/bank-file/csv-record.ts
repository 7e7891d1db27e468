/**
 * Returns the fields of one CSV record (RFC 4180), given without its line end; or what is wrong with its quotes: one is
 * open at the end, or one stands inside a field that is not quoted or behind one that is.
 */
export function splitCsvRecord(text: string): string[] | 'unclosed-quote' | 'bad-quoting' {
  if (!text.includes('"')) return text.includes('\r') ? 'bad-quoting' : text.split(',')
  const fields: string[] = []
  for (let at = 0; ; ) {
    const isQuoted = text[at] === '"'
    const end = isQuoted ? endOfQuoted(text, at) : endOfPlain(text, at)
    if (end === undefined) return 'unclosed-quote'
    const field = text.slice(at, end)
    if (!isQuoted && /["\r\n]/.test(field)) return 'bad-quoting'
    fields.push(isQuoted ? field.slice(1, -1).replaceAll('""', '"') : field)
    if (end === text.length) return fields
    if (text[end] !== ',') return 'bad-quoting'
    at = end + 1
  }
}

/** Returns the fields as one CSV record with its line feed, quoted only where that is needed. */
export function formatCsvRecord(fields: readonly string[]): string {
  const shown = fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
  return `${shown.join(',')}\n`
}

function endOfPlain(text: string, at: number): number {
  const comma = text.indexOf(',', at)
  return comma < 0 ? text.length : comma
}

/** Returns the place behind the closing quote, or undefined when there is none. */
function endOfQuoted(text: string, at: number): number | undefined {
  let quote = text.indexOf('"', at + 1)
  while (quote >= 0 && text[quote + 1] === '"') quote = text.indexOf('"', quote + 2)
  return quote < 0 ? undefined : quote + 1
}
