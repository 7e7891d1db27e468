import type { Kysely } from 'kysely'
import type { BankProfile } from '../model/bank.ts'
import type { DigestHash, ImageVariant } from '../model/hash.ts'
import type { Findings, Match } from '../model/match.ts'
import type { Row, Schema } from './schema.ts'

/** Every match that was found, with the job that found it. */
export interface MatchStore {
  append(jobId: number, findings: Findings, createdAt: string): Promise<void>
  /** Returns what a job found, in the order it was found: nearest first. */
  list(jobId: number): Promise<Findings>
  /** Tells whether any image of a record was ever queued, and whether one has a match that was not suppressed. */
  ofRecord(uri: string): Promise<{ readonly isSeen: boolean; readonly isMatched: boolean }>
}

/** Returns the match table's functions over a connection or a transaction. */
export function createMatchStore(db: Kysely<Schema>): MatchStore {
  return {
    async append(jobId, findings, createdAt) {
      const rows = rowsOfFindings(findings).map((row) => ({ ...row, job_id: jobId, created_at: createdAt }))
      if (rows.length === 0) return
      await db.insertInto('matches').values(rows).execute()
    },

    async list(jobId) {
      const rows = await db
        .selectFrom('matches')
        .selectAll()
        .where('job_id', '=', jobId)
        .orderBy('id')
        .execute()
      return {
        matches: rows.filter((row) => row.suppressed_by === null).map(matchOfRow),
        suppressed: rows.flatMap((row) => {
          const by = suppressorOfRow(row)
          return by ? [{ match: matchOfRow(row), by }] : []
        }),
      }
    },

    async ofRecord(uri) {
      const jobs = await db.selectFrom('jobs').select('id').where('uri', '=', uri).limit(1000).execute()
      if (jobs.length === 0) return { isSeen: false, isMatched: false }
      const ids = jobs.map(({ id }) => id)
      const match = await db
        .selectFrom('matches')
        .select('id')
        .where('job_id', 'in', ids)
        .where('suppressed_by', 'is', null)
        .executeTakeFirst()
      return { isSeen: true, isMatched: match !== undefined }
    },
  }
}

/** A match in the columns that every table of matches has. */
export type MatchColumns = Pick<
  Row<'matches'>,
  | 'bank_id'
  | 'bank'
  | 'content_id'
  | 'hash_type'
  | 'profile'
  | 'variant'
  | 'distance'
  | 'tier'
  | 'suppressed_by'
>

/** Returns the columns of every match of an image, those that act first. */
export function rowsOfFindings({ matches, suppressed }: Findings): MatchColumns[] {
  return [
    ...matches.map((match) => rowOfMatch(match, undefined)),
    ...suppressed.map(({ match, by }) => rowOfMatch(match, by)),
  ]
}

function rowOfMatch(match: Match, suppressedBy: Match | undefined): MatchColumns {
  return {
    bank_id: match.bankId,
    bank: match.bank,
    content_id: match.contentId,
    hash_type: match.hashType,
    profile: match.hashType === 'pdq' ? match.profile : null,
    variant: match.hashType === 'pdq' ? match.variant : null,
    distance: match.distance,
    tier: match.tier ?? null,
    suppressed_by: suppressedBy === undefined ? null : JSON.stringify(suppressedBy),
  }
}

/** Returns the match of a negative bank that suppresses the one that the columns hold, or undefined where that acts. */
export function suppressorOfRow({
  suppressed_by: by,
}: Pick<MatchColumns, 'suppressed_by'>): Match | undefined {
  return by === null ? undefined : (JSON.parse(by) as Match)
}

/** Returns the match that the columns hold. */
export function matchOfRow(row: MatchColumns): Match {
  const where = {
    bankId: row.bank_id,
    bank: row.bank,
    contentId: row.content_id,
    distance: row.distance,
    ...(row.tier !== null && { tier: row.tier }),
  }
  if (row.hash_type !== 'pdq') return { ...where, hashType: row.hash_type as DigestHash['type'] }
  return {
    ...where,
    hashType: 'pdq',
    profile: row.profile as BankProfile,
    variant: row.variant as ImageVariant,
  }
}
