import { AppError } from '../lib/errors.ts'
import type { AuditChainRow, ChainCheck, SignedAuditHead } from '../model/audit.ts'
import { auditGenesis } from '../model/audit-chain.ts'
import { checkChain, checkEnd } from './check-chain.ts'
import { AuditFileError, parseExportLine, parseExportStart } from './parse-export.ts'
import { checkHead } from './sign-head.ts'

/** What verifying an export is to be told: the keys (`did:key:…`) that are taken for the labeler's. */
export type VerifyExportOptions = { readonly keys: readonly string[]; readonly onRow: (id: number) => void }

/** What became of it; the head is one that a trusted key signed. */
export type ExportCheck = { readonly check: ChainCheck; readonly end: SignedAuditHead | undefined }

/**
 * Verifies an export by itself: that each row follows from the one before it, the first from the place that the file names, that
 * the head is of the last, and that one of the keys signed the head. The whole audit up to the head is in it where the first row
 * is number 1: then the chain begins with the database that the head names.
 * @throws {AuditFileError} when it is no export; {HeadSignatureError} when the signature is not by one of the keys.
 */
export async function verifyExport(
  lines: AsyncIterable<string>,
  { keys, onRow }: VerifyExportOptions,
): Promise<ExportCheck> {
  const iterator = lines[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done === true) throw new AuditFileError('an export', 'an empty file')
  const { databaseId, after } = parseExportStart(first.value)
  const ends: SignedAuditHead[] = []

  async function* rows(): AsyncGenerator<AuditChainRow, void, undefined> {
    for (
      let line = 2, next = await iterator.next();
      next.done !== true;
      line++, next = await iterator.next()
    ) {
      const parsed = parseExportLine(next.value, line)
      if (ends.length > 0) throw new AuditFileError('nothing after the signed head', `line ${line}`)
      if ('head' in parsed) ends.push(parsed)
      else {
        onRow(parsed.id)
        yield parsed
      }
    }
  }

  const check = await checkChain(after, rows(), {})
  if (check.kind === 'broken') return { check, end: undefined }
  const [end] = ends
  if (!end) throw new AuditFileError('a signed head at the end of the export', 'none')
  if (end.head.databaseId !== databaseId || (after.id === 0 && after.hash !== auditGenesis(databaseId).hash))
    throw new AppError('invalid', 'Expected a chain that begins with the database of the signed head')
  await checkHead(end, keys)
  return { check: checkEnd(check, end.head), end }
}
