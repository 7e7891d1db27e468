import { z } from 'zod'
import { AppError, messageOf } from '../lib/errors.ts'
import type { AuditChainRow, AuditPlace, SignedAuditHead } from '../model/audit.ts'
import { auditForm } from '../model/audit-chain.ts'

/** An export, or a head, is not of the form that Harrier writes. */
export class AuditFileError extends AppError {
  override readonly name = 'AuditFileError'
  constructor(expected: string, received: string) {
    super('invalid', `Expected ${expected} but received ${received}`)
  }
}

const id = z.int().min(0)
const hash = z.string().regex(/^[0-9a-f]{64}$/)
const start = z.strictObject({
  audit: z.literal(auditForm),
  databaseId: z.string(),
  after: z.strictObject({ id, hash }),
})
const row = z.strictObject({
  id,
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  details: z.string(),
  hash,
})
const end = z.strictObject({
  head: z.strictObject({
    did: z.string(),
    key: z.string(),
    databaseId: z.string(),
    id,
    hash,
    at: z.string(),
  }),
  sig: z.string().regex(/^[0-9a-f]{128}$/),
})
const rowOrEnd = z.union([row, end])

/** The first line of an export. */
export type ExportStart = { readonly databaseId: string; readonly after: AuditPlace }

/** Returns the first line of an export. @throws {AuditFileError} */
export function parseExportStart(text: string): ExportStart {
  return parse(start, text, 'line 1 to be the beginning of an export')
}

/** Returns a later line of an export: a row, or the signed head that ends it. @throws {AuditFileError} naming the line. */
export function parseExportLine(text: string, line: number): AuditChainRow | SignedAuditHead {
  return parse(rowOrEnd, text, `line ${line} to be a row of the audit or a signed head`)
}

/** Returns the head that a line is. @throws {AuditFileError} */
export function parseSignedHead(text: string): SignedAuditHead {
  return parse(end, text, 'a signed head of an audit')
}

function parse<T>(form: z.ZodType<T>, text: string, expected: string): T {
  try {
    return form.parse(JSON.parse(text))
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw new AuditFileError(expected, messageOf(error))
    const fields = error.issues.map(({ path }) => path.join('.')).filter((path) => path !== '')
    throw new AuditFileError(
      expected,
      fields.length > 0 ? `something else in ${fields.slice(0, 5).join(', ')}` : 'JSON of another form',
    )
  }
}
