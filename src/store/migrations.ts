import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * The schema's history, oldest first. A migration that was released is never edited: add another.
 * Each is run once, inside a transaction, by `sqlite.ts`. The file grows by a list for each change and is not split: what
 * it has is only ever read from top to bottom.
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
}

async function run(db: Kysely<unknown>, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const firstTables = [
  `CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    did TEXT NOT NULL, uri TEXT NOT NULL, record_cid TEXT NOT NULL, blob_cid TEXT NOT NULL,
    mime_type TEXT NOT NULL, size INTEGER,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'cancelled', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0, run_after INTEGER NOT NULL, claimed_until INTEGER NOT NULL DEFAULT 0,
    outcome TEXT, seen_at TEXT NOT NULL, done_at TEXT,
    UNIQUE (uri, record_cid, blob_cid)
  ) STRICT`,
  `CREATE INDEX jobs_due ON jobs (run_after, id) WHERE state = 'pending'`,
  `CREATE INDEX jobs_did ON jobs (did, state)`,
  `CREATE INDEX jobs_ended ON jobs (done_at) WHERE state IN ('done', 'cancelled')`,
  `CREATE TABLE cursors (
    stream TEXT PRIMARY KEY, host TEXT NOT NULL, time_us INTEGER NOT NULL, seq INTEGER
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE images (
    cid TEXT PRIMARY KEY, outcome TEXT NOT NULL, reason TEXT, format TEXT, width INTEGER, height INTEGER,
    size INTEGER, hashes TEXT NOT NULL, scanned_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE banks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
    threshold INTEGER NOT NULL CHECK (threshold BETWEEN 0 AND 256),
    min_quality INTEGER NOT NULL CHECK (min_quality BETWEEN 0 AND 100),
    is_enabled INTEGER NOT NULL, created_at TEXT NOT NULL
  ) STRICT`,
  `CREATE TABLE bank_contents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, bank_id INTEGER NOT NULL REFERENCES banks (id),
    note TEXT NOT NULL, created_at TEXT NOT NULL
  ) STRICT`,
  `CREATE INDEX bank_contents_bank ON bank_contents (bank_id, id)`,
  `CREATE TABLE bank_hashes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, bank_id INTEGER NOT NULL, content_id INTEGER NOT NULL,
    type TEXT NOT NULL, value TEXT NOT NULL, quality INTEGER NOT NULL,
    UNIQUE (bank_id, type, value)
  ) STRICT`,
  `CREATE INDEX bank_hashes_content ON bank_hashes (content_id)`,
  `CREATE TABLE labels (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    src TEXT NOT NULL, uri TEXT NOT NULL, cid TEXT, val TEXT NOT NULL, neg INTEGER NOT NULL,
    cts TEXT NOT NULL, exp TEXT, sig BLOB NOT NULL, bytes BLOB NOT NULL, is_current INTEGER NOT NULL
  ) STRICT`,
  `CREATE UNIQUE INDEX labels_current ON labels (uri, val, src) WHERE is_current = 1`,
  `CREATE INDEX labels_live ON labels (seq, uri) WHERE is_current = 1 AND neg = 0`,
  `CREATE TABLE matches (
    id INTEGER PRIMARY KEY AUTOINCREMENT, job_id INTEGER NOT NULL, bank_id INTEGER NOT NULL, bank TEXT NOT NULL,
    content_id INTEGER NOT NULL, hash_type TEXT NOT NULL, distance INTEGER NOT NULL, created_at TEXT NOT NULL
  ) STRICT`,
  `CREATE INDEX matches_job ON matches (job_id)`,
  `CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
    subject TEXT NOT NULL, details TEXT NOT NULL
  ) STRICT`,
  `CREATE INDEX audit_subject ON audit (subject, id)`,
  `CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END`,
  `CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END`,
  `CREATE TABLE did_docs (
    did TEXT PRIMARY KEY, doc TEXT NOT NULL, updated_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
]

/** Images that were hashed before are hashed anew when they come by: their plan is not known. */
const profiles = [
  `ALTER TABLE banks ADD COLUMN profile TEXT NOT NULL DEFAULT 'reference-512'
    CHECK (profile IN ('reference-512', 'full-resolution', 'unknown'))`,
  `ALTER TABLE matches ADD COLUMN profile TEXT`,
  `ALTER TABLE matches ADD COLUMN variant TEXT`,
  `ALTER TABLE images ADD COLUMN plan TEXT`,
  `DELETE FROM images`,
]

/**
 * Hashes as bytes instead of hex, so that ten million take about a gigabyte, index and all; contents with what a file
 * calls them. The sequences are kept: a number is never given twice, also that of a row that is gone.
 */
const bankFiles = [
  `CREATE TABLE new_contents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, bank_id INTEGER NOT NULL REFERENCES banks (id),
    created_at INTEGER NOT NULL,
    label TEXT NOT NULL DEFAULT '' CHECK (length(label) <= 200),
    note TEXT NOT NULL DEFAULT '' CHECK (length(note) <= 500),
    source_id TEXT NOT NULL DEFAULT '' CHECK (length(source_id) <= 200)
  ) STRICT`,
  `INSERT INTO new_contents (id, bank_id, created_at, note)
    SELECT id, bank_id, CAST(round(unixepoch(created_at, 'subsec') * 1000) AS INTEGER), note FROM bank_contents`,
  `CREATE TABLE new_hashes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, bank_id INTEGER NOT NULL, content_id INTEGER NOT NULL,
    type INTEGER NOT NULL, quality INTEGER NOT NULL, value BLOB NOT NULL
  ) STRICT`,
  `INSERT INTO new_hashes (id, bank_id, content_id, type, quality, value)
    SELECT id, bank_id, content_id, CASE type WHEN 'pdq' THEN 0 WHEN 'md5' THEN 1 ELSE 3 END, quality, unhex(value)
    FROM bank_hashes`,
  ...['contents', 'hashes'].flatMap((name) => [
    `DELETE FROM sqlite_sequence WHERE name = 'new_${name}'`,
    `UPDATE sqlite_sequence SET name = 'new_${name}' WHERE name = 'bank_${name}'`,
    `DROP TABLE bank_${name}`,
    `ALTER TABLE new_${name} RENAME TO bank_${name}`,
  ]),
  `CREATE INDEX bank_contents_bank ON bank_contents (bank_id)`,
  `CREATE UNIQUE INDEX bank_hashes_value ON bank_hashes (bank_id, type, value)`,
  `CREATE UNIQUE INDEX bank_hashes_content ON bank_hashes (content_id, type)`,
  `CREATE TABLE bank_imports (
    id INTEGER PRIMARY KEY AUTOINCREMENT, bank_id INTEGER NOT NULL REFERENCES banks (id), path TEXT NOT NULL,
    format TEXT NOT NULL, offset INTEGER NOT NULL, line INTEGER NOT NULL, digest TEXT NOT NULL, counts TEXT NOT NULL,
    UNIQUE (bank_id, path)
  ) STRICT`,
  `UPDATE images SET plan = json_set(plan, '$.hasSha1', json('false')) WHERE plan IS NOT NULL`,
]

/** What an index in memory has to take out; whoever deletes a hash need not think of it. */
const removals = [
  `CREATE TABLE bank_hash_removals (
    id INTEGER PRIMARY KEY AUTOINCREMENT, bank_id INTEGER NOT NULL, content_id INTEGER NOT NULL,
    type INTEGER NOT NULL, value BLOB NOT NULL
  ) STRICT`,
  `CREATE TRIGGER bank_hash_removed AFTER DELETE ON bank_hashes BEGIN
    INSERT INTO bank_hash_removals (bank_id, content_id, type, value)
    VALUES (old.bank_id, old.content_id, old.type, old.value);
  END`,
]

/** Reported images go before the stream's; `subject_fetches` are the records of reported subjects that are to be fetched. */
const reports = [
  `ALTER TABLE jobs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0`,
  `DROP INDEX jobs_due`,
  `CREATE INDEX jobs_due ON jobs (priority DESC, run_after, id) WHERE state = 'pending'`,
  `CREATE TABLE reviews (
    id INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT NOT NULL, did TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'escalated', 'closed')),
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
  ) STRICT`,
  `CREATE UNIQUE INDEX reviews_unclosed ON reviews (subject) WHERE state != 'closed'`,
  `CREATE INDEX reviews_subject ON reviews (subject, state)`,
  `CREATE INDEX reviews_state ON reviews (state, id)`,
  `CREATE TABLE reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT, review_id INTEGER NOT NULL REFERENCES reviews (id),
    reported_by TEXT NOT NULL, reason_type TEXT NOT NULL, reason TEXT,
    did TEXT NOT NULL, uri TEXT, cid TEXT, mod_tool TEXT, created_at TEXT NOT NULL,
    CHECK ((uri IS NULL) = (cid IS NULL))
  ) STRICT`,
  `CREATE INDEX reports_review ON reports (review_id, id)`,
  `CREATE INDEX reports_reporter ON reports (reported_by, did, id)`,
  `CREATE TABLE subject_fetches (
    id INTEGER PRIMARY KEY AUTOINCREMENT, review_id INTEGER NOT NULL REFERENCES reviews (id), uri TEXT NOT NULL,
    cid TEXT, state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0, run_after INTEGER NOT NULL, outcome TEXT, done_at TEXT,
    UNIQUE (review_id, uri)
  ) STRICT`,
  `CREATE INDEX subject_fetches_due ON subject_fetches (state, run_after, id)`,
  `CREATE TABLE review_images (
    review_id INTEGER NOT NULL REFERENCES reviews (id), uri TEXT NOT NULL, record_cid TEXT NOT NULL,
    blob_cid TEXT NOT NULL, outcome TEXT, looked_at TEXT,
    PRIMARY KEY (review_id, uri, record_cid, blob_cid)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE review_matches (
    id INTEGER PRIMARY KEY AUTOINCREMENT, review_id INTEGER NOT NULL REFERENCES reviews (id),
    uri TEXT NOT NULL, record_cid TEXT NOT NULL, blob_cid TEXT NOT NULL,
    bank_id INTEGER NOT NULL, bank TEXT NOT NULL, content_id INTEGER NOT NULL, hash_type TEXT NOT NULL,
    profile TEXT, variant TEXT, distance INTEGER NOT NULL, found_at TEXT NOT NULL,
    UNIQUE (review_id, uri, blob_cid, bank_id, content_id)
  ) STRICT`,
  `CREATE TABLE used_tokens (digest TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  `CREATE INDEX used_tokens_until ON used_tokens (until)`,
]

/** Which key signed the labels that are there is not known: they are stale, and signed anew by the first live key. */
const signingKeys = [
  `CREATE TABLE signing_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT, did_key TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('next', 'switching', 'live', 'retired')), changed_at TEXT NOT NULL
  ) STRICT`,
  `CREATE UNIQUE INDEX signing_keys_live ON signing_keys (state) WHERE state = 'live'`,
  `ALTER TABLE labels ADD COLUMN key_id INTEGER NOT NULL DEFAULT 0`,
  `CREATE INDEX labels_key ON labels (key_id)`,
]

/** Labels that were superseded by one on another version of the record, and nothing that is about their own. */
const standingLabels = [
  `ALTER TABLE labels ADD COLUMN is_standing INTEGER NOT NULL DEFAULT 0`,
  `UPDATE labels SET is_standing = 1 WHERE neg = 0 AND is_current = 0 AND seq IN (
    SELECT max(seq) FROM labels GROUP BY src, uri, val, coalesce(cid, ''))`,
  `CREATE INDEX labels_standing ON labels (uri, val, src) WHERE is_standing = 1`,
]

/** Labels that wait for the emission budget, and withdrawals of what never was published. */
const emissions = [
  `CREATE TABLE emissions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    src TEXT NOT NULL, uri TEXT NOT NULL, val TEXT NOT NULL, cid TEXT, neg INTEGER NOT NULL, exp TEXT,
    priority INTEGER NOT NULL, is_queued INTEGER NOT NULL,
    actor TEXT NOT NULL, job_id INTEGER, queued_at INTEGER NOT NULL,
    UNIQUE (uri, val, src)
  ) STRICT`,
  `CREATE INDEX emissions_due ON emissions (priority, id) WHERE is_queued = 1`,
]

/** The database gets a name, by which its seq mark knows it from another one in its place. */
const stream = [
  `CREATE TABLE label_stream (
    id INTEGER PRIMARY KEY CHECK (id = 1), database_id TEXT NOT NULL, floor INTEGER NOT NULL
  ) STRICT`,
  `INSERT INTO label_stream (id, database_id, floor) VALUES (1, lower(hex(randomblob(16))), 0)`,
  `CREATE TABLE subscriptions (
    id TEXT PRIMARY KEY, user_agent TEXT, address TEXT NOT NULL, started_at TEXT NOT NULL, seen_at TEXT NOT NULL,
    ended_at TEXT, end TEXT, cursor INTEGER, position INTEGER, labels INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX subscriptions_ended ON subscriptions (ended_at, id)`,
]

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
 * an action opened. An address is
 * emptied when the image was looked at.
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
