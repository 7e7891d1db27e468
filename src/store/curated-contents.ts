import { type Kysely, sql } from 'kysely'
import {
  type ContentPage,
  type ContentSearch,
  type CuratedContent,
  enabledContent,
  isContentEnabled,
} from '../model/curation.ts'
import { contentsOfRows } from './bank-contents.ts'
import type { Row, Schema } from './schema.ts'

/** Records that one content is told with. */
const maxRecords = 100

/** Contents that one page looks at, whatever it finds: so many hold the thread for some 10 ms. */
const maxLookedAt = 5_000

type CuratedRow = Row<'bank_contents'> & { readonly disable_until: number | null }

/** Returns contents by their ids, by id, with their hashes and what is known of where they come from. */
export async function loadCurated(
  db: Kysely<Schema>,
  contentIds: readonly number[],
): Promise<CuratedContent[]> {
  const { rows } = await sql<CuratedRow>`
    SELECT bank_contents.*, disable_until FROM bank_contents
    LEFT JOIN content_switches ON content_id = bank_contents.id
    WHERE bank_contents.id IN (SELECT value FROM json_each(${JSON.stringify(contentIds)}))
    ORDER BY bank_contents.id`.execute(db)
  return await curatedOfRows(db, rows)
}

/** Returns a page of a bank's contents; what the search is for is looked for in a bounded part of them at a time. */
export async function searchContents(
  db: Kysely<Schema>,
  bankId: number,
  { afterId, limit, text, isDisabled, nowSeconds }: ContentSearch,
): Promise<ContentPage> {
  const isNarrow = text !== undefined || isDisabled !== undefined
  const wanted = text?.toLowerCase()
  const { rows } = await sql<CuratedRow>`
    SELECT bank_contents.*, disable_until FROM bank_contents
    LEFT JOIN content_switches ON content_id = bank_contents.id
    WHERE bank_id = ${bankId} AND bank_contents.id > ${afterId}
    ORDER BY bank_contents.id LIMIT ${isNarrow ? maxLookedAt : limit}`.execute(db)
  const found = rows.filter((row) => {
    const isOff = !isContentEnabled(row.disable_until ?? enabledContent, nowSeconds)
    return (isDisabled === undefined || isOff === isDisabled) && (wanted === undefined || says(row, wanted))
  })
  const page = found.slice(0, limit)
  const isWhole = page.length === found.length && rows.length < (isNarrow ? maxLookedAt : limit)
  const last = page.length === found.length ? rows.at(-1) : page.at(-1)
  return { contents: await curatedOfRows(db, page), nextAfterId: isWhole ? undefined : last?.id }
}

function says({ note, label, source_id, content_uri }: CuratedRow, text: string): boolean {
  return [note, label, source_id, content_uri ?? ''].some((own) => own.toLowerCase().includes(text))
}

async function curatedOfRows(db: Kysely<Schema>, rows: readonly CuratedRow[]): Promise<CuratedContent[]> {
  const contents = await contentsOfRows(db, rows)
  const sharedBy = await loadSharedBy(db, rows)
  return contents.map((content, at) => {
    const { media_uri, content_uri, metadata, disable_until } = rows[at]!
    return {
      ...content,
      disableUntil: disable_until ?? enabledContent,
      sharedBy: sharedBy.get(content.id) ?? [],
      ...(media_uri !== null && { mediaUri: media_uri }),
      ...(content_uri !== null && { contentUri: content_uri }),
      ...(metadata !== null && { metadata: JSON.parse(metadata) as Record<string, unknown> }),
    }
  })
}

/** Returns the keys of the records of exchanges that are behind contents, by content, in their order. */
async function loadSharedBy(
  db: Kysely<Schema>,
  contents: readonly Pick<CuratedRow, 'id'>[],
): Promise<ReadonlyMap<number, string[]>> {
  const { rows } = await sql<{ content_id: number; keys: string }>`
    SELECT item.value AS content_id, (
      SELECT json_group_array(key) FROM (
        SELECT key FROM exchange_links WHERE content_id = item.value ORDER BY key LIMIT ${maxRecords})
    ) AS keys
    FROM json_each(${JSON.stringify(contents.map(({ id }) => id))}) AS item
    WHERE EXISTS (SELECT 1 FROM exchange_links WHERE content_id = item.value)`.execute(db)
  return new Map(rows.map((row) => [row.content_id, JSON.parse(row.keys) as string[]]))
}
