import type { Kysely } from 'kysely'
import type { BankProfile } from '../model/bank.ts'
import type { DigestHash, ImageVariant } from '../model/hash.ts'
import type { Match } from '../model/match.ts'
import type { Row, Schema } from './schema.ts'

/** Every match that was found, with the job that found it. */
export interface MatchStore {
  append(jobId: number, matches: readonly Match[], createdAt: string): Promise<void>
  /** Returns a job's matches in the order they were found: nearest first. */
  list(jobId: number): Promise<Match[]>
  /** Tells whether any image of a record was ever queued, and whether one has matched. */
  ofRecord(uri: string): Promise<{ readonly isSeen: boolean; readonly isMatched: boolean }>
}

/** Returns the match table's functions over a connection or a transaction. */
export function createMatchStore(db: Kysely<Schema>): MatchStore {
  return {
    async append(jobId, matches, createdAt) {
      if (matches.length === 0) return
      const rows = matches.map((match) => ({
        ...rowOfMatch(match),
        job_id: jobId,
        created_at: createdAt,
      }))
      await db.insertInto('matches').values(rows).execute()
    },

    async list(jobId) {
      const rows = await db
        .selectFrom('matches')
        .selectAll()
        .where('job_id', '=', jobId)
        .orderBy('id')
        .execute()
      return rows.map(matchOfRow)
    },

    async ofRecord(uri) {
      const jobs = await db.selectFrom('jobs').select('id').where('uri', '=', uri).limit(1000).execute()
      if (jobs.length === 0) return { isSeen: false, isMatched: false }
      const ids = jobs.map(({ id }) => id)
      const match = await db.selectFrom('matches').select('id').where('job_id', 'in', ids).executeTakeFirst()
      return { isSeen: true, isMatched: match !== undefined }
    },
  }
}

/** A match in the columns that every table of matches has. */
export type MatchColumns = Pick<
  Row<'matches'>,
  'bank_id' | 'bank' | 'content_id' | 'hash_type' | 'profile' | 'variant' | 'distance'
>

/** Returns the columns of a match. */
export function rowOfMatch(match: Match): MatchColumns {
  return {
    bank_id: match.bankId,
    bank: match.bank,
    content_id: match.contentId,
    hash_type: match.hashType,
    profile: match.hashType === 'pdq' ? match.profile : null,
    variant: match.hashType === 'pdq' ? match.variant : null,
    distance: match.distance,
  }
}

/** Returns the match that the columns hold. */
export function matchOfRow(row: MatchColumns): Match {
  const where = { bankId: row.bank_id, bank: row.bank, contentId: row.content_id, distance: row.distance }
  if (row.hash_type !== 'pdq') return { ...where, hashType: row.hash_type as DigestHash['type'] }
  return {
    ...where,
    hashType: 'pdq',
    profile: row.profile as BankProfile,
    variant: row.variant as ImageVariant,
  }
}
