import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import SqliteFile from 'better-sqlite3'
import { generateSigningKey, type SigningKey } from '../../src/atproto/signing-key.ts'
import { type AuditDesk, createAuditDesk } from '../../src/audit/audit.ts'
import type { AuditEntry, ChainCheck } from '../../src/model/audit.ts'
import type { Database } from '../../src/store/database.ts'

/** An audit row about a subject. */
export function auditEntryOf(subject: string, parts: Partial<AuditEntry> = {}): AuditEntry {
  return {
    at: '2026-01-01T00:00:00.000Z',
    actor: 'cli',
    action: 'test.done',
    subject,
    details: { about: subject },
    ...parts,
  }
}

/** Returns the operator's desk over a database, with a label key that it knows. */
export async function openAuditDesk(database: Database, key?: SigningKey): Promise<AuditDesk> {
  const signing = key ?? (await generateSigningKey())
  await database.keys.makeLive(signing.did(), '2026-01-01T00:00:00.000Z')
  const signer = () => ({ did: 'did:web:labeler.test', key: signing.did(), sign: signing.sign })
  return createAuditDesk({ database, signer, actor: 'cli', now: () => new Date('2026-02-01T00:00:00.000Z') })
}

/** Checks the whole chain of a database. */
export function verifyChain(
  desk: AuditDesk,
  options: Parameters<AuditDesk['verify']>[0] = {},
): Promise<ChainCheck> {
  return desk.verify(options, () => undefined, new AbortController().signal)
}

/** Checks the whole chain of a database that somebody else has written. */
export function checkAudit(database: Database): Promise<ChainCheck> {
  const signer = (): never => {
    throw new Error('Expected nothing to be signed')
  }
  return verifyChain(createAuditDesk({ database, signer, actor: 'cli', now: () => new Date() }))
}

/** Changes a database as somebody does who may write to its file: nothing refuses it. */
export function tamper(path: string, work: (file: SqliteFile.Database) => void): void {
  const file = new SqliteFile(path)
  try {
    file.pragma('ignore_check_constraints = ON')
    for (const name of ['update', 'delete', 'replace']) file.exec(`DROP TRIGGER audit_no_${name}`)
    work(file)
  } finally {
    file.close()
  }
}

/** Runs a process that appends to the audit: see `mortal-audit.ts`. Returns the signal that ended it, or null. */
export async function appendInProcess(...args: readonly (string | number)[]): Promise<string | null> {
  const program = join(import.meta.dirname, 'mortal-audit.ts')
  const child = spawn(process.execPath, [program, ...args.map(String)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  return signal
}
