import { type Kysely, sql } from 'kysely'
import type { Did } from '../model/ids.ts'
import type { ScanJob } from '../model/job.ts'
import { jobOfRow } from './job-row.ts'
import type { Schema } from './schema.ts'

/** Which jobs are wanted. Times are epoch milliseconds. */
export type DueJobs = {
  readonly now: number
  /** At most this many jobs, each of another account. */
  readonly limit: number
  /** Accounts that have a job running: none of theirs is wanted, so that an account's images run in order. */
  readonly busy: readonly Did[]
  /** How the images of rescans are taken; as the last, unless told. */
  readonly rescans?: DueRescans
}

/** How a claim is made. `now` is epoch milliseconds, `leaseMs` how many. */
export type ClaimOptions = {
  readonly now: number
  /** How long the claim holds: a job of a process that died is free again after it. */
  readonly leaseMs: number
}

/** Which images of rescans are wanted. */
export type DueRescans = {
  /** True gives one of them a place though others wait. */
  readonly hasPlace: boolean
  /** Only those that were due by then, epoch milliseconds: matching knows all that the banks had at that time. */
  readonly dueBy: number
}

/** Which images of the queue are looked at next, and what keeps each from being looked at twice at once. */
export interface JobClaims {
  /**
   * Returns the numbers of jobs that are due: reported ones first, then oldest first, then those of rescans. A rescan never goes
   * before another image of its account.
   */
  due(wanted: DueJobs): Promise<number[]>
  /**
   * Claims those of these jobs that still wait, and counts the attempt before it starts. Returns them by number, reported ones first,
   * those of rescans last.
   */
  claim(ids: readonly number[], options: ClaimOptions): Promise<ScanJob[]>
  /** Frees every claim: for the start of the only process that works on this store. Returns how many there were. */
  releaseClaims(): Promise<number>
}

/** Returns the functions over a connection or a transaction. */
export function createJobClaims(db: Kysely<Schema>): JobClaims {
  return {
    async due({ now, limit, busy, rescans = { hasPlace: false, dueBy: now } }) {
      // More rows than wanted, since several may be of one account and only its first is taken. Written out, since every job
      // that ends comes by here.
      const { rows: due } = await sql<{ id: number; did: string }>`SELECT id, did FROM jobs
        WHERE state = 'pending' AND priority >= 0 AND run_after <= ${now} AND claimed_until <= ${now}
          AND did NOT IN (SELECT value FROM json_each(${JSON.stringify(busy)}))
        ORDER BY priority DESC, run_after, id LIMIT ${limit * 8}`.execute(db)
      const others = firstOfEachAccount(due).slice(0, limit)
      const room = Math.max(limit - others.length, rescans.hasPlace ? 1 : 0)
      const rescanned = room > 0 ? await dueRescans(db, { now, busy, limit: room, dueBy: rescans.dueBy }) : []
      return [...others.slice(0, limit - rescanned.length), ...rescanned]
    },

    async claim(ids, { now, leaseMs }) {
      const rows = await db
        .updateTable('jobs')
        .set((set) => ({ claimed_until: now + leaseMs, attempts: set('attempts', '+', 1) }))
        .where('id', 'in', ids)
        .where('state', '=', 'pending')
        .where('claimed_until', '<=', now)
        .returningAll()
        .execute()
      return rows.sort((a, b) => b.priority - a.priority || a.id - b.id).map(jobOfRow)
    },

    async releaseClaims() {
      const result = await db
        .updateTable('jobs')
        .set({ claimed_until: 0 })
        .where('claimed_until', '>', 0)
        .executeTakeFirst()
      return Number(result.numUpdatedRows)
    },
  }
}

/**
 * Returns the first job that is due of each rescanned account that is not busy and has no other image that is due. An account
 * may have a hundred thousand of them: each is found by one step through the index, however many there are.
 */
async function dueRescans(
  db: Kysely<Schema>,
  { now, busy, limit, dueBy }: { now: number; busy: readonly Did[]; limit: number; dueBy: number },
): Promise<number[]> {
  // By name: another index on the accounts would be gone through for one that has a rescan, with all that ever ended in it.
  const { rows } = await sql<{ id: number | null }>`WITH RECURSIVE accounts (did) AS (
      SELECT min(did) FROM jobs INDEXED BY jobs_rescans WHERE state = 'pending' AND priority < 0
      UNION ALL
      SELECT (SELECT min(did) FROM jobs INDEXED BY jobs_rescans
        WHERE state = 'pending' AND priority < 0 AND did > accounts.did)
      FROM accounts WHERE accounts.did IS NOT NULL)
    SELECT (SELECT id FROM jobs WHERE did = accounts.did AND state = 'pending' AND priority < 0
      AND run_after <= ${Math.min(now, dueBy)} AND claimed_until <= ${now} ORDER BY run_after, id LIMIT 1) AS id
    FROM accounts
    WHERE did IS NOT NULL AND did NOT IN (SELECT value FROM json_each(${JSON.stringify(busy)}))
      AND NOT EXISTS (SELECT 1 FROM jobs WHERE did = accounts.did AND state = 'pending' AND priority >= 0
        AND run_after <= ${now})
    ORDER BY id LIMIT ${limit + busy.length}`.execute(db)
  return rows.flatMap(({ id }) => id ?? []).slice(0, limit)
}

function firstOfEachAccount(rows: readonly { readonly id: number; readonly did: string }[]): number[] {
  const seen = new Set<string>()
  return rows.filter(({ did }) => !seen.has(did) && seen.add(did)).map(({ id }) => id)
}
