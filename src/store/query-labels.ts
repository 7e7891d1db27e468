import { setImmediate as nextTurn } from 'node:timers/promises'
import { CompiledQuery, type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Row, Schema } from './schema.ts'

/** What `queryLabels` asks for. */
export type LabelQuery = {
  /** Exact subjects, or prefixes that end in `*`; any of them may hold. */
  readonly uriPatterns: readonly string[]
  /** Only these sources; empty means every source. */
  readonly sources: readonly string[]
  /** At most this many. */
  readonly limit: number
  /** Only labels after this seq. */
  readonly after: number
}

/** Up to so many matches are found by subject and sorted; more are found by walking the labels in order. */
const fewMatches = 1000
/** How many labels the steps of a walk look at: few at first, and at most what the event loop can well wait for. */
const [firstStep, largestStep] = [250, 4000]

/**
 * Returns the rows of the current labels that match, in seq order. What one statement does is bounded, whatever the
 * patterns: this is asked by anyone, and nobody else is served while a statement runs.
 */
export async function queryLabelRows(
  db: Kysely<Schema>,
  query: LabelQuery,
  now: string,
): Promise<Row<'labels'>[]> {
  if (!query.uriPatterns.some(isPrefix)) return findExact(db, query, now)
  // Every label of those subjects, whether it is wanted or not: the count must not run through what it leaves out.
  const candidates = await db
    .selectFrom('labels')
    .select('seq')
    .where('is_current', '=', sql.lit(1))
    .where(subjectClause(query.uriPatterns))
    .limit(fewMatches + 1)
    .execute()
  if (candidates.length > fewMatches) return walk(db, query, now)
  const bySubject = live(db, query, now).where(subjectClause(query.uriPatterns))
  return bySubject.selectAll().orderBy('seq').limit(query.limit).execute()
}

/** Written out, since building a statement anew takes longer than running this one. */
const exactLabels = `SELECT * FROM labels INDEXED BY labels_current
  WHERE is_current = 1 AND neg = 0 AND uri IN (SELECT value FROM json_each(?))
    AND (? = 0 OR src IN (SELECT value FROM json_each(?))) AND seq > ? AND (exp IS NULL OR exp > ?)`

/**
 * The usual question, about subjects by name: one statement, the same whatever their number. They hold no more labels than
 * there are values, so nothing needs to be counted first, and sorting them here costs a fraction of what it costs SQLite.
 */
async function findExact(
  db: Kysely<Schema>,
  { uriPatterns, sources, after, limit }: LabelQuery,
  now: string,
): Promise<Row<'labels'>[]> {
  const values = [JSON.stringify(uriPatterns), sources.length, JSON.stringify(sources), after, now]
  const { rows } = await db.executeQuery<Row<'labels'>>(CompiledQuery.raw(exactLabels, values))
  return rows.sort((a, b) => a.seq - b.seq).slice(0, limit)
}

async function walk(db: Kysely<Schema>, query: LabelQuery, now: string): Promise<Row<'labels'>[]> {
  const isWanted = matcherOf(query.uriPatterns)
  const found: number[] = []
  let { after } = query
  for (let size = firstStep; found.length < query.limit; size = Math.min(size * 2, largestStep)) {
    const step = await live(db, { ...query, after }, now)
      .select(['seq', 'uri'])
      .orderBy('seq')
      .limit(size)
      .execute()
    found.push(...step.filter(({ uri }) => isWanted(uri)).map(({ seq }) => seq))
    if (step.length < size) break
    after = step.at(-1)?.seq ?? after
    await nextTurn()
  }
  if (found.length === 0) return []
  const wanted = found.slice(0, query.limit)
  return db.selectFrom('labels').selectAll().where('seq', 'in', wanted).orderBy('seq').execute()
}

/** Labels that hold at the given time: not superseded, no negation, not expired. */
function live(db: Kysely<Schema>, { sources, after }: LabelQuery, now: string) {
  return db
    .selectFrom('labels')
    .where('is_current', '=', sql.lit(1))
    .where('neg', '=', sql.lit(0))
    .where('seq', '>', after)
    .where((where) => where.or([where('exp', 'is', null), where('exp', '>', now)]))
    .$if(sources.length > 0, (select) => select.where('src', 'in', sources))
}

function isPrefix(pattern: string): boolean {
  return pattern.endsWith('*')
}

/** A trailing `*` is a prefix, matched by range so that the index serves it and `_` and `%` mean themselves. */
function subjectClause(patterns: readonly string[]): RawBuilder<SqlBool> {
  const clauses = patterns.map((pattern) => {
    if (!isPrefix(pattern)) return sql<SqlBool>`uri = ${pattern}`
    const prefix = pattern.slice(0, -1)
    return sql<SqlBool>`(uri >= ${prefix} AND uri < ${`${prefix}\u{10ffff}`})`
  })
  return sql<SqlBool>`(${sql.join(clauses, sql` OR `)})`
}

function matcherOf(patterns: readonly string[]): (uri: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !isPrefix(pattern)))
  const prefixes = patterns.filter(isPrefix).map((pattern) => pattern.slice(0, -1))
  return (uri) => exact.has(uri) || prefixes.some((prefix) => uri.startsWith(prefix))
}
