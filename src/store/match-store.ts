import { type Kysely, type SqlBool, sql } from 'kysely'
import type { BankProfile } from '../model/bank.ts'
import type { DigestHash, ImageHash, ImageVariant } from '../model/hash.ts'
import type { AtUri, Cid, Did } from '../model/ids.ts'
import type { ImageRef, ImageUse } from '../model/image.ts'
import type { ScanJob } from '../model/job.ts'
import type { Findings, Match } from '../model/match.ts'
import type { Opinion } from '../model/opinion.ts'
import { hashTypeCodes } from './hash-type-code.ts'
import type { Row, Schema } from './schema.ts'

/** What a match can be explained by, beside the two contents: what was compared, and by which rules it was judged. */
export type Proof = {
  /** The image's. */
  readonly hashes: readonly ImageHash[]
  /** The policy's digest, and how far the indexes had followed the banks. */
  readonly policy: string
  readonly banks: string
}

/** A match of an image that was found before and still stands, as a reversal needs it. */
export type StandingMatch = { readonly image: ImageRef; readonly match: Match }

/** Every match that was found, with the job that found it. */
export interface MatchStore {
  append(
    job: Pick<ScanJob, 'id' | 'image'>,
    findings: Findings,
    proof: Proof,
    createdAt: string,
  ): Promise<void>
  /** Returns what a job found, in the order it was found: nearest first. */
  list(jobId: number): Promise<Findings>
  /** Tells whether any image of a record was ever queued, and whether one has a match that was not suppressed. */
  ofRecord(uri: string): Promise<{ readonly isSeen: boolean; readonly isMatched: boolean }>
  /**
   * Returns the matches of an account's images, or of those of one record, whose content still has the hash, in a bank that is
   * neither removed nor switched off, and that nobody judged to be none: the last of each image and content.
   */
  standing(did: Did, uri?: AtUri): Promise<StandingMatch[]>
  /** Keeps that matches of a record's images were judged to be none: of one content, or of all. Returns how many. */
  reverse(uri: AtUri, contentId: number | undefined, at: string): Promise<number>
}

/** The most matches of an account that a reversal weighs. */
const maxStanding = 10_000

/** Returns the match table's functions over a connection or a transaction. */
export function createMatchStore(db: Kysely<Schema>): MatchStore {
  return {
    async append({ id, image }, findings, proof, createdAt) {
      const place = {
        did: image.did,
        uri: image.uri,
        record_cid: image.recordCid,
        blob_cid: image.cid,
        shown_as: image.use,
      }
      const rows = await rowsOfFindings(db, findings, proof)
      if (rows.length === 0) return
      await db
        .insertInto('matches')
        .values(rows.map((row) => ({ ...row, ...place, job_id: id, created_at: createdAt })))
        .execute()
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

    async standing(did, uri) {
      const last = db
        .selectFrom('matches')
        .select(({ fn }) => fn.max('id').as('id'))
        .where('did', '=', did)
        .$if(uri !== undefined, (query) => query.where('uri', '=', uri as string))
        .groupBy(['uri', 'record_cid', 'blob_cid', 'content_id'])
      const rows = await db
        .selectFrom('matches')
        .innerJoin('banks', 'banks.id', 'matches.bank_id')
        .selectAll('matches')
        .where('matches.id', 'in', last)
        .where('suppressed_by', 'is', null)
        .where('reversed_at', 'is', null)
        .where('banks.removed_at', 'is', null)
        .where('banks.enabled_ratio', '>', 0)
        .where(
          sql<SqlBool>`EXISTS (SELECT 1 FROM bank_hashes WHERE bank_hashes.content_id = matches.content_id
            AND bank_hashes.type = ${codeOfType})`,
        )
        .orderBy('matches.distance')
        .orderBy('matches.id')
        .limit(maxStanding)
        .execute()
      return rows.map((row) => ({
        image: {
          did: row.did as Did,
          uri: row.uri as AtUri,
          recordCid: row.record_cid as Cid,
          cid: row.blob_cid as Cid,
          use: row.shown_as as ImageUse,
          mimeType: '',
          size: undefined,
        },
        match: matchOfRow(row),
      }))
    },

    async reverse(uri, contentId, at) {
      const result = await db
        .updateTable('matches')
        .set({ reversed_at: at })
        .where('did', '=', uri.split('/')[2] ?? '')
        .where('uri', '=', uri)
        .where('reversed_at', 'is', null)
        .$if(contentId !== undefined, (query) => query.where('content_id', '=', contentId as number))
        .executeTakeFirst()
      return Number(result.numUpdatedRows)
    },
  }
}

/** The code of a match's type of hash. */
const codeOfType = sql`CASE matches.hash_type ${sql.join(
  Object.entries(hashTypeCodes).map(([type, code]) => sql`WHEN ${sql.lit(type)} THEN ${sql.lit(code)}`),
  sql` `,
)} END`

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
  | 'opinion'
  | 'image_hash'
  | 'bank_hash'
  | 'policy'
  | 'banks_version'
>

/** Returns the columns of every match of an image, those that act first. */
export async function rowsOfFindings(
  db: Kysely<Schema>,
  { matches, suppressed }: Findings,
  proof: Proof,
): Promise<MatchColumns[]> {
  const all = [...matches.map((match) => ({ match, by: undefined })), ...suppressed]
  const rows: MatchColumns[] = []
  for (const { match, by } of all) {
    rows.push({ ...rowOfMatch(match, by), ...(await proofOf(db, match, proof)) })
  }
  return rows
}

/** The image's hash is the one of the look that matched; the bank's may be gone already. */
async function proofOf(
  db: Kysely<Schema>,
  match: Match,
  { hashes, policy, banks }: Proof,
): Promise<Pick<MatchColumns, 'image_hash' | 'bank_hash' | 'policy' | 'banks_version'>> {
  const compared = hashes.find(
    (hash) =>
      hash.type === match.hashType &&
      (hash.type !== 'pdq' ||
        match.hashType !== 'pdq' ||
        (hash.variant === match.variant && (match.profile === 'unknown' || hash.profile === match.profile))),
  )
  const held = await db
    .selectFrom('bank_hashes')
    .select('value')
    .where('content_id', '=', match.contentId)
    .where('type', '=', hashTypeCodes[match.hashType])
    .executeTakeFirst()
  return {
    image_hash: compared === undefined ? null : Buffer.from(compared.value, 'hex'),
    bank_hash: held?.value ?? null,
    policy,
    banks_version: banks,
  }
}

function rowOfMatch(
  match: Match,
  suppressedBy: Match | undefined,
): Omit<MatchColumns, 'image_hash' | 'bank_hash' | 'policy' | 'banks_version'> {
  return {
    opinion: match.opinion ?? null,
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
export function matchOfRow(
  row: Omit<MatchColumns, 'image_hash' | 'bank_hash' | 'policy' | 'banks_version'>,
): Match {
  const where = {
    bankId: row.bank_id,
    bank: row.bank,
    contentId: row.content_id,
    distance: row.distance,
    ...(row.tier !== null && { tier: row.tier }),
    ...(row.opinion !== null && { opinion: row.opinion as Opinion }),
  }
  if (row.hash_type !== 'pdq') return { ...where, hashType: row.hash_type as DigestHash['type'] }
  return {
    ...where,
    hashType: 'pdq',
    profile: row.profile as BankProfile,
    variant: row.variant as ImageVariant,
  }
}
