import { type Kysely, type SelectQueryBuilder, sql } from 'kysely'
import { AppError } from '../lib/errors.ts'
import type { Bank, BankProfile, Suppresses } from '../model/bank.ts'
import type { Row, Schema } from './schema.ts'

/** A row of `banks` with the names of what it suppresses, as JSON. */
export type BankRow = Row<'banks'> & { readonly suppressed_names: string }

/** A bank names a bank to suppress that is not there. */
class UnknownSuppressedBankError extends AppError {
  override readonly name = 'UnknownSuppressedBankError'
  constructor(bank: string) {
    super('invalid', `Expected an existing bank to suppress but received ${bank}`)
  }
}

/** Returns the query of all banks that are not removed. */
export function selectBanks(db: Kysely<Schema>): SelectQueryBuilder<Schema, 'banks', BankRow> {
  return selectEveryBank(db).where('removed_at', 'is', null)
}

/** Returns the query of all banks, also of those that are removed and not purged. */
export function selectEveryBank(db: Kysely<Schema>): SelectQueryBuilder<Schema, 'banks', BankRow> {
  return db
    .selectFrom('banks')
    .selectAll('banks')
    .select(
      sql<string>`(SELECT json_group_array(other.name) FROM banks AS other
        WHERE other.removed_at IS NULL AND other.id IN (SELECT value FROM json_each(banks.suppresses)))`.as(
        'suppressed_names',
      ),
    )
}

/** Returns the bank that a row stands for. */
export function bankOfRow(row: BankRow): Bank {
  return {
    id: row.id,
    name: row.name,
    threshold: row.threshold,
    minQuality: row.min_quality,
    profile: row.profile as BankProfile,
    enabledRatio: row.enabled_ratio,
    isEnabled: row.enabled_ratio > 0,
    tiers: JSON.parse(row.tiers) as Bank['tiers'],
    suppresses: suppressesOf(row),
    createdAt: row.created_at,
  }
}

/**
 * Returns what the column holds for what a bank suppresses: banks by their ids, so that they can be renamed.
 * @throws {UnknownSuppressedBankError}
 */
export async function suppressesColumn(
  db: Kysely<Schema>,
  suppresses: Suppresses | undefined,
): Promise<string | null> {
  if (suppresses === undefined) return null
  if (suppresses === 'all') return JSON.stringify(suppresses)
  const rows = await db.selectFrom('banks').select(['id', 'name']).where('removed_at', 'is', null).execute()
  const ids = suppresses.map((name) => {
    const row = rows.find((bank) => bank.name === name)
    if (!row) throw new UnknownSuppressedBankError(name)
    return row.id
  })
  return JSON.stringify([...new Set(ids)].sort((a, b) => a - b))
}

function suppressesOf({ suppresses, suppressed_names: names }: BankRow): Suppresses | undefined {
  if (suppresses === null) return undefined
  return suppresses === '"all"' ? 'all' : (JSON.parse(names) as string[]).sort()
}
