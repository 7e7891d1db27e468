import type { Database } from '../store/database.ts'

/**
 * Yields the pages of a bank's export, and leaves an audit row before the first: one that is cut off has taken hashes out as well.
 */
export async function* recordExport<Page>(
  { audit }: Pick<Database, 'audit'>,
  pages: AsyncIterable<Page>,
  { subject, ...by }: { readonly subject: string; readonly actor: string; readonly at: string },
): AsyncGenerator<Page, void, undefined> {
  await audit.append([{ ...by, action: 'bank.exported', subject, details: {} }])
  yield* pages
}
