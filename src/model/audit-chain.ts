/**
 * How the rows of the audit are chained, in one place. All is UTF-8 text; `N(a, b, …)` stands for the netstrings of the texts
 * (`<bytes>:<text>,` each), and every hash is a SHA-256 in lower-case hex.
 *
 *   before the first row   sha256( N("harrier-audit-1", database id) )
 *   a row                  sha256( N(hash before it, id in decimal, at, actor, action, subject, details as stored) )
 *   what is signed         N("harrier-audit-head-1", did, key, database id, id in decimal, hash, at)
 *
 * A signed head begins with a digit, a label with the byte of a CBOR map: neither can be taken for the other.
 */
import { hash } from 'node:crypto'
import type { AuditChainRow, AuditHead, AuditPlace } from './audit.ts'

/** The form of the chain, as an export names it. */
export const auditForm = 'harrier-audit-1'

/** Returns the place before the first row of a database. */
export function auditGenesis(databaseId: string): AuditPlace {
  return { id: 0, hash: hash('sha256', encodeNetstrings([auditForm, databaseId])) }
}

/** Returns the hash of a row that follows on one with the hash `previous`. */
export function hashAuditRow(previous: string, row: Omit<AuditChainRow, 'hash'>): string {
  const { id, at, actor, action, subject, details } = row
  return hash('sha256', encodeNetstrings([previous, String(id), at, actor, action, subject, details]))
}

/** Returns the bytes of a head that are signed. */
export function encodeAuditHead({ did, key, databaseId, id, hash: rowHash, at }: AuditHead): Uint8Array {
  const texts = ['harrier-audit-head-1', did, key, databaseId, String(id), rowHash, at]
  return Buffer.from(encodeNetstrings(texts))
}

function encodeNetstrings(texts: readonly string[]): string {
  let encoded = ''
  for (const text of texts) encoded += `${Buffer.byteLength(text)}:${text},`
  return encoded
}
