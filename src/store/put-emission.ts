import { type Kysely, sql } from 'kysely'
import { type Emission, priorities } from '../model/emission.ts'
import type { Did } from '../model/ids.ts'
import type { WantedLabel } from '../model/label.ts'
import type { EmissionOrigin, PutOutcome } from './emission-store.ts'
import type { Row, Schema } from './schema.ts'

/** The part of a row that says what is wanted, or published. */
type State = Pick<Row<'labels'>, 'neg' | 'cid' | 'exp'>
type Place = Pick<WantedLabel, 'uri' | 'val'>

/** Asks for a label or a withdrawal; see `EmissionStore.put`. */
export async function putEmission(
  db: Kysely<Schema>,
  src: Did,
  emission: Emission,
  origin: EmissionOrigin,
): Promise<PutOutcome> {
  const waiting = await loadWaiting(db, src, emission)
  const published = await loadPublished(db, src, emission)
  const wanted = stateOf(emission)
  const priority = priorities.indexOf(emission.priority)
  if (isSame(wanted, waiting ?? published)) {
    if (waiting) await hasten(db, waiting, priority)
    return 'unchanged'
  }
  const mayStand = published?.neg === 0 || (await hasStanding(db, src, emission))
  // Never published, or withdrawn already, and nothing waits: there is nothing to withdraw.
  if (emission.neg && !waiting && !mayStand) return 'unchanged'
  if (waiting) await db.deleteFrom('emissions').where('id', '=', waiting.id).execute()
  if (waiting && isSame(wanted, published)) return 'cancelled'
  const place = waiting?.is_queued === 1 ? waiting : undefined
  if (emission.neg && !mayStand) return rememberWithdrawal(db, src, emission, { ...origin, priority }, place)
  await insert(db, src, emission, { ...origin, ...soonerOf(place, priority, origin), isQueued: 1 })
  return 'queued'
}

/** Nobody has what is withdrawn, so nobody needs to hear of it; but it must not be given again. */
async function rememberWithdrawal(
  db: Kysely<Schema>,
  src: Did,
  emission: Emission,
  insertion: Omit<Insertion, 'isQueued'>,
  place: Row<'emissions'> | undefined,
): Promise<PutOutcome> {
  await insert(db, src, emission, { ...insertion, isQueued: 0 })
  return place ? 'cancelled' : 'unchanged'
}

/** What takes another's place keeps its turn, and is as urgent as the more urgent of the two. */
function soonerOf(place: Row<'emissions'> | undefined, priority: number, { atMs }: EmissionOrigin) {
  if (place === undefined) return { priority, atMs }
  return { id: place.id, priority: Math.min(priority, place.priority), atMs: place.queued_at }
}

type Insertion = EmissionOrigin & {
  readonly id?: number
  readonly priority: number
  readonly isQueued: 0 | 1
}

async function insert(
  db: Kysely<Schema>,
  src: Did,
  emission: Emission,
  { id, priority, isQueued, actor, jobId, atMs }: Insertion,
): Promise<void> {
  await db
    .insertInto('emissions')
    .values({
      ...(id === undefined ? {} : { id }),
      src,
      uri: emission.uri,
      val: emission.val,
      ...stateOf(emission),
      priority,
      is_queued: isQueued,
      actor,
      job_id: jobId ?? null,
      queued_at: atMs,
    })
    .execute()
}

async function hasten(db: Kysely<Schema>, waiting: Row<'emissions'>, priority: number): Promise<void> {
  if (priority >= waiting.priority) return
  await db.updateTable('emissions').set({ priority }).where('id', '=', waiting.id).execute()
}

function stateOf({ neg, cid, exp }: WantedLabel): State {
  return { neg: neg ? 1 : 0, cid: cid ?? null, exp: exp ?? null }
}

function isSame(wanted: State, other: State | undefined): boolean {
  return wanted.neg === other?.neg && wanted.cid === other.cid && wanted.exp === other.exp
}

function loadWaiting(
  db: Kysely<Schema>,
  src: Did,
  { uri, val }: Place,
): Promise<Row<'emissions'> | undefined> {
  const rows = db.selectFrom('emissions').selectAll().where('uri', '=', uri).where('val', '=', val)
  return rows.where('src', '=', src).executeTakeFirst()
}

function loadPublished(db: Kysely<Schema>, src: Did, { uri, val }: Place): Promise<State | undefined> {
  const rows = db
    .selectFrom('labels')
    .select(['neg', 'cid', 'exp'])
    .where('uri', '=', uri)
    .where('val', '=', val)
  return rows.where('src', '=', src).where('is_current', '=', sql.lit(1)).executeTakeFirst()
}

/** Tells whether subscribers may still have the value under some version. */
async function hasStanding(db: Kysely<Schema>, src: Did, { uri, val }: Place): Promise<boolean> {
  const rows = db.selectFrom('labels').select('seq').where('uri', '=', uri).where('val', '=', val)
  return (
    (await rows.where('src', '=', src).where('is_standing', '=', sql.lit(1)).executeTakeFirst()) !== undefined
  )
}
