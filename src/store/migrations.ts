import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { acting } from './acting-migration.ts'
import { chainAudit } from './audit-migration.ts'
import {
  bankFiles,
  emissions,
  firstTables,
  profiles,
  removals,
  reports,
  signingKeys,
  standingLabels,
  stream,
} from './first-migrations.ts'
import { rescans } from './rescan-migration.ts'

/**
 * The schema's history, oldest first. A migration that was released is never edited: add another.
 * Each is run once, inside a transaction, by `sqlite.ts`. Their statements stand below, those of the first nine in
 * `first-migrations.ts`.
 */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-first': { up: (db: Kysely<unknown>) => run(db, firstTables) },
  '0002-profiles': { up: (db: Kysely<unknown>) => run(db, profiles) },
  '0003-bank-files': { up: (db: Kysely<unknown>) => run(db, bankFiles) },
  '0004-removals': { up: (db: Kysely<unknown>) => run(db, removals) },
  '0005-reports': { up: (db: Kysely<unknown>) => run(db, reports) },
  '0006-signing-keys': { up: (db: Kysely<unknown>) => run(db, signingKeys) },
  '0007-standing-labels': { up: (db: Kysely<unknown>) => run(db, standingLabels) },
  '0008-emissions': { up: (db: Kysely<unknown>) => run(db, emissions) },
  '0009-stream': { up: (db: Kysely<unknown>) => run(db, stream) },
  '0010-curation': { up: (db: Kysely<unknown>) => run(db, curation) },
  '0011-api-keys': { up: (db: Kysely<unknown>) => run(db, apiKeys) },
  '0012-uploads': { up: (db: Kysely<unknown>) => run(db, uploads) },
  '0013-api-actions': { up: (db: Kysely<unknown>) => run(db, apiActions) },
  '0014-receivers': { up: (db: Kysely<unknown>) => run(db, receivers) },
  '0015-negative-banks': { up: (db: Kysely<unknown>) => run(db, negativeBanks) },
  '0016-exchanges': { up: (db: Kysely<unknown>) => run(db, exchanges) },
  '0017-webhooks': { up: (db: Kysely<unknown>) => run(db, webhooks) },
  '0018-audit-chain': { up: chainAudit },
  '0019-rescans': { up: (db: Kysely<unknown>) => run(db, rescans) },
  '0020-acting': { up: (db: Kysely<unknown>) => run(db, acting) },
}

async function run(db: Kysely<unknown>, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

/**
 * How much of a bank is matched; where a content comes from; which contents are switched off, as a log that an index
 * follows; how much of a hash type is matched. An import writes to none of it.
 */
const curation = [
  `ALTER TABLE banks ADD COLUMN enabled_ratio REAL NOT NULL DEFAULT 1 CHECK (enabled_ratio BETWEEN 0 AND 1)`,
  `UPDATE banks SET enabled_ratio = is_enabled`,
  `ALTER TABLE banks DROP COLUMN is_enabled`,
  `ALTER TABLE bank_contents ADD COLUMN media_uri TEXT`,
  `ALTER TABLE bank_contents ADD COLUMN content_uri TEXT`,
  `ALTER TABLE bank_contents ADD COLUMN metadata TEXT`,
  `CREATE TABLE content_switches (
    id INTEGER PRIMARY KEY AUTOINCREMENT, content_id INTEGER NOT NULL UNIQUE, disable_until INTEGER NOT NULL
  ) STRICT`,
  `CREATE TABLE hash_type_ratios (
    type INTEGER PRIMARY KEY, enabled_ratio REAL NOT NULL CHECK (enabled_ratio BETWEEN 0 AND 1)
  ) STRICT`,
]

/** Keys of the REST API: a digest of each secret, never the secret. */
const apiKeys = [
  `CREATE TABLE api_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL UNIQUE, name TEXT NOT NULL, scopes TEXT NOT NULL,
    requests_per_minute INTEGER NOT NULL CHECK (requests_per_minute > 0),
    created_at TEXT NOT NULL, last_used_at TEXT, revoked_at TEXT
  ) STRICT`,
]

/** What the upload gate passed without a verdict; `did` is empty where it is not known. */
const uploads = [
  `CREATE TABLE uploads (
    id INTEGER PRIMARY KEY AUTOINCREMENT, did TEXT NOT NULL, blob_cid TEXT NOT NULL, size INTEGER NOT NULL,
    reason TEXT NOT NULL, received_at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'dead')),
    attempts INTEGER NOT NULL, run_after INTEGER NOT NULL, outcome TEXT, done_at TEXT,
    UNIQUE (did, blob_cid)
  ) STRICT`,
  `CREATE INDEX uploads_due ON uploads (state, run_after)`,
]

/** What callers of the REST API had done, each once by the key and the caller's own id. */
const apiActions = [
  `CREATE TABLE api_actions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key_id INTEGER NOT NULL, action_id TEXT NOT NULL, type TEXT NOT NULL,
    content_id TEXT NOT NULL, details TEXT NOT NULL, at TEXT NOT NULL,
    UNIQUE (key_id, action_id)
  ) STRICT`,
  `CREATE INDEX api_actions_content ON api_actions (content_id, id)`,
]

/** Records are also fetched because a blob of theirs that was sent to us matches: those have no review. */
const receivers = [
  `CREATE TABLE new_subject_fetches (
    id INTEGER PRIMARY KEY AUTOINCREMENT, review_id INTEGER REFERENCES reviews (id), uri TEXT NOT NULL,
    cid TEXT, state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0, run_after INTEGER NOT NULL, outcome TEXT, done_at TEXT
  ) STRICT`,
  `INSERT INTO new_subject_fetches SELECT id, review_id, uri, cid, state, attempts, run_after, outcome, done_at
    FROM subject_fetches`,
  `DELETE FROM sqlite_sequence WHERE name = 'new_subject_fetches'`,
  `UPDATE sqlite_sequence SET name = 'new_subject_fetches' WHERE name = 'subject_fetches'`,
  `DROP TABLE subject_fetches`,
  `ALTER TABLE new_subject_fetches RENAME TO subject_fetches`,
  `CREATE INDEX subject_fetches_due ON subject_fetches (state, run_after, id)`,
  `CREATE UNIQUE INDEX subject_fetches_record ON subject_fetches (coalesce(review_id, 0), uri)`,
]

/**
 * What a bank suppresses, and its tiers; what a match was suppressed by, and its tier; banks that were removed and are kept,
 * and contents that were.
 */
const negativeBanks = [
  `ALTER TABLE banks ADD COLUMN suppresses TEXT`,
  `ALTER TABLE banks ADD COLUMN tiers TEXT NOT NULL DEFAULT '[]'`,
  `ALTER TABLE banks ADD COLUMN removed_at TEXT`,
  `ALTER TABLE banks ADD COLUMN removed_name TEXT`,
  ...['matches', 'review_matches'].flatMap((table) => [
    `ALTER TABLE ${table} ADD COLUMN tier TEXT`,
    `ALTER TABLE ${table} ADD COLUMN suppressed_by TEXT`,
  ]),
  `CREATE TABLE removed_contents (
    content_id INTEGER PRIMARY KEY, bank_id INTEGER NOT NULL REFERENCES banks (id), removed_at TEXT NOT NULL,
    content TEXT NOT NULL
  ) STRICT`,
  `CREATE INDEX removed_contents_bank ON removed_contents (bank_id, content_id)`,
]

/**
 * Exchanges, each of which is made and goes with a bank; what they sent; which contents stem from what; and which of those they
 * made, so that one that was there before them stays.
 */
const exchanges = [
  `CREATE TABLE exchanges (
    bank_id INTEGER PRIMARY KEY REFERENCES banks (id) ON DELETE CASCADE,
    api TEXT NOT NULL, config TEXT NOT NULL, is_enabled INTEGER NOT NULL DEFAULT 1,
    checkpoint TEXT, checkpoint_at INTEGER, generation INTEGER NOT NULL DEFAULT 0,
    records INTEGER NOT NULL DEFAULT 0, fetch_started_at INTEGER, fetch_ended_at INTEGER, has_succeeded INTEGER,
    is_up_to_date INTEGER NOT NULL DEFAULT 0
  ) STRICT`,
  `CREATE TABLE exchange_records (
    bank_id INTEGER NOT NULL REFERENCES exchanges (bank_id) ON DELETE CASCADE,
    key TEXT NOT NULL, record TEXT NOT NULL, generation INTEGER NOT NULL,
    PRIMARY KEY (bank_id, key)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX exchange_records_generation ON exchange_records (bank_id, generation)`,
  `CREATE TABLE exchange_links (
    bank_id INTEGER NOT NULL, key TEXT NOT NULL,
    content_id INTEGER NOT NULL REFERENCES bank_contents (id) ON DELETE CASCADE,
    PRIMARY KEY (bank_id, key, content_id),
    FOREIGN KEY (bank_id, key) REFERENCES exchange_records (bank_id, key) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX exchange_links_content ON exchange_links (content_id)`,
  `CREATE TABLE exchange_contents (
    content_id INTEGER PRIMARY KEY REFERENCES bank_contents (id) ON DELETE CASCADE
  ) STRICT`,
]

/**
 * What is to be sent to others, whatever its kind; the images that apps announced; what a review was asked for, and which one
 * an action opened. An address is emptied when the image was looked at.
 */
const webhooks = [
  `CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, target TEXT NOT NULL, message_id TEXT NOT NULL,
    event TEXT NOT NULL, subject TEXT NOT NULL, payload TEXT NOT NULL, created_at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'dead', 'dropped')),
    attempts INTEGER NOT NULL, run_after INTEGER NOT NULL, outcome TEXT, done_at TEXT,
    UNIQUE (kind, target, message_id)
  ) STRICT`,
  `CREATE INDEX outbox_due ON outbox (kind, target, run_after, id) WHERE state = 'pending'`,
  `CREATE INDEX outbox_order ON outbox (kind, target, subject, id) WHERE state = 'pending'`,
  `CREATE INDEX outbox_state ON outbox (state, done_at)`,
  `CREATE TABLE announced_images (
    id INTEGER PRIMARY KEY AUTOINCREMENT, delivery_id TEXT NOT NULL UNIQUE, content_id TEXT NOT NULL,
    url TEXT NOT NULL, received_at TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0, run_after INTEGER NOT NULL, outcome TEXT, done_at TEXT,
    blob_cid TEXT, is_matched INTEGER NOT NULL DEFAULT 0, is_reversed INTEGER NOT NULL DEFAULT 0
  ) STRICT`,
  `CREATE INDEX announced_images_due ON announced_images (run_after, id) WHERE state = 'pending'`,
  `CREATE INDEX announced_images_content ON announced_images (content_id, id)`,
  `ALTER TABLE reviews ADD COLUMN requested TEXT`,
  `ALTER TABLE api_actions ADD COLUMN review_id INTEGER REFERENCES reviews (id)`,
]
