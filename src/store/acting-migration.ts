/**
 * The statements of `0020-acting`: what a match has to be explained by, what was done because of it, and the brakes.
 *
 * An image that waits from before is of a post where its record is one, and else of `other`: which field held it is not known.
 */
export const acting: readonly string[] = [
  `ALTER TABLE jobs ADD COLUMN shown_as TEXT NOT NULL DEFAULT 'other'
    CHECK (shown_as IN ('post', 'avatar', 'banner', 'other'))`,
  `UPDATE jobs SET shown_as = 'post' WHERE uri LIKE 'at://%/app.bsky.feed.post/%'`,
  `CREATE INDEX jobs_blob ON jobs (blob_cid, id)`,

  // What a match was of, and the proof of it: both hashes, and by which policy and index it was judged.
  ...['matches', 'review_matches'].flatMap((table) => [
    `ALTER TABLE ${table} ADD COLUMN opinion TEXT`,
    `ALTER TABLE ${table} ADD COLUMN image_hash BLOB`,
    `ALTER TABLE ${table} ADD COLUMN bank_hash BLOB`,
    `ALTER TABLE ${table} ADD COLUMN policy TEXT`,
    `ALTER TABLE ${table} ADD COLUMN banks_version TEXT`,
  ]),
  `ALTER TABLE matches ADD COLUMN did TEXT`,
  `ALTER TABLE matches ADD COLUMN uri TEXT`,
  `ALTER TABLE matches ADD COLUMN record_cid TEXT`,
  `ALTER TABLE matches ADD COLUMN blob_cid TEXT`,
  `ALTER TABLE matches ADD COLUMN shown_as TEXT`,
  `ALTER TABLE matches ADD COLUMN reversed_at TEXT`,
  `UPDATE matches SET (did, uri, record_cid, blob_cid, shown_as) =
    (SELECT did, uri, record_cid, blob_cid, shown_as FROM jobs WHERE jobs.id = matches.job_id)`,
  `CREATE INDEX matches_content ON matches (content_id, id)`,
  `CREATE INDEX matches_did ON matches (did, uri)`,

  `CREATE TABLE effects (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('label', 'report', 'takedown', 'review', 'webhook')),
    target TEXT NOT NULL, subject TEXT NOT NULL, did TEXT NOT NULL, uri TEXT, record_cid TEXT, blob_cid TEXT,
    detail TEXT NOT NULL, action TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('held', 'pending', 'done', 'failed', 'undoing', 'undone', 'dropped')),
    because TEXT, outcome TEXT,
    actor TEXT NOT NULL, job_id INTEGER, review_id INTEGER REFERENCES reviews (id),
    bank_id INTEGER, bank TEXT, content_id INTEGER, distance INTEGER,
    created_at TEXT NOT NULL, settled_at TEXT, undone_at TEXT, undone_by TEXT
  ) STRICT`,
  `CREATE INDEX effects_did ON effects (did, id)`,
  `CREATE INDEX effects_subject ON effects (subject, id)`,
  `CREATE INDEX effects_content ON effects (content_id, id) WHERE content_id IS NOT NULL`,
  `CREATE INDEX effects_blob ON effects (blob_cid, id) WHERE kind = 'takedown'`,
  `CREATE INDEX effects_unsettled ON effects (state, because, id) WHERE state IN ('held', 'pending', 'failed', 'undoing')`,

  `CREATE TABLE content_verdicts (
    content_id INTEGER PRIMARY KEY, bank_id INTEGER NOT NULL, verdict TEXT NOT NULL CHECK (verdict IN ('confirmed', 'negative')),
    actor TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL
  ) STRICT`,
  `CREATE TABLE exchange_opinions (
    content_id INTEGER PRIMARY KEY REFERENCES bank_contents (id) ON DELETE CASCADE,
    opinion TEXT NOT NULL CHECK (opinion IN ('positive', 'seed', 'disputed', 'negative'))
  ) STRICT`,

  // A content that is gone, or one of its hashes, undoes what it caused; whoever deletes it need not think of that.
  `CREATE TABLE reversals (
    id INTEGER PRIMARY KEY AUTOINCREMENT, content_id INTEGER NOT NULL, because TEXT NOT NULL, actor TEXT NOT NULL,
    requested_at TEXT NOT NULL
  ) STRICT`,
  `CREATE TRIGGER bank_hash_withdrawn AFTER DELETE ON bank_hashes
    WHEN EXISTS (SELECT 1 FROM effects WHERE content_id = old.content_id AND state IN ('held', 'pending', 'done', 'failed'))
    BEGIN
      INSERT INTO reversals (content_id, because, actor, requested_at)
      VALUES (old.content_id, 'hash-withdrawn', 'harrier', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));
    END`,

  `CREATE TABLE pauses (
    id INTEGER PRIMARY KEY AUTOINCREMENT, reason TEXT NOT NULL, actor TEXT NOT NULL, begun_at TEXT NOT NULL,
    ended_at TEXT, ended_by TEXT
  ) STRICT`,
  `CREATE UNIQUE INDEX pauses_on ON pauses (ended_at IS NULL) WHERE ended_at IS NULL`,
  `CREATE TABLE quota_spent (
    day TEXT NOT NULL, kind TEXT NOT NULL, spent INTEGER NOT NULL, PRIMARY KEY (day, kind)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE match_rates (
    content_id INTEGER NOT NULL, bucket INTEGER NOT NULL, matches INTEGER NOT NULL, PRIMARY KEY (content_id, bucket)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE quarantines (
    id INTEGER PRIMARY KEY AUTOINCREMENT, content_id INTEGER NOT NULL, bank_id INTEGER NOT NULL, bank TEXT NOT NULL,
    recent INTEGER NOT NULL, baseline REAL NOT NULL, review_id INTEGER REFERENCES reviews (id),
    begun_at TEXT NOT NULL, ended_at TEXT, ended_by TEXT, decision TEXT CHECK (decision IN ('released', 'deconfirmed'))
  ) STRICT`,
  `CREATE UNIQUE INDEX quarantines_on ON quarantines (content_id) WHERE ended_at IS NULL`,

  // Who has a review for the time being, and what was decided.
  `ALTER TABLE reviews ADD COLUMN claimed_by TEXT`,
  `ALTER TABLE reviews ADD COLUMN claimed_until TEXT`,
  `ALTER TABLE reviews ADD COLUMN closed_at TEXT`,
  `CREATE TABLE review_decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, review_id INTEGER NOT NULL REFERENCES reviews (id),
    decision TEXT NOT NULL, actor TEXT NOT NULL, details TEXT NOT NULL, at TEXT NOT NULL
  ) STRICT`,
  `CREATE INDEX review_decisions_review ON review_decisions (review_id, id)`,
]
