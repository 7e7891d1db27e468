/*
 * The statements of the first nine migrations, in their order; `migrations.ts` has the others, and says when each is run.
 */

/** Jobs, images, banks, labels: what the service began with. */
export const firstTables: readonly string[] = [
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
export const profiles: readonly string[] = [
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
export const bankFiles: readonly string[] = [
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
export const removals: readonly string[] = [
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
export const reports: readonly string[] = [
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
export const signingKeys: readonly string[] = [
  `CREATE TABLE signing_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT, did_key TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('next', 'switching', 'live', 'retired')), changed_at TEXT NOT NULL
  ) STRICT`,
  `CREATE UNIQUE INDEX signing_keys_live ON signing_keys (state) WHERE state = 'live'`,
  `ALTER TABLE labels ADD COLUMN key_id INTEGER NOT NULL DEFAULT 0`,
  `CREATE INDEX labels_key ON labels (key_id)`,
]

/** Labels that were superseded by one on another version of the record, and nothing that is about their own. */
export const standingLabels: readonly string[] = [
  `ALTER TABLE labels ADD COLUMN is_standing INTEGER NOT NULL DEFAULT 0`,
  `UPDATE labels SET is_standing = 1 WHERE neg = 0 AND is_current = 0 AND seq IN (
    SELECT max(seq) FROM labels GROUP BY src, uri, val, coalesce(cid, ''))`,
  `CREATE INDEX labels_standing ON labels (uri, val, src) WHERE is_standing = 1`,
]

/** Labels that wait for the emission budget, and withdrawals of what never was published. */
export const emissions: readonly string[] = [
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
export const stream: readonly string[] = [
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
