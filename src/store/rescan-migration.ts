/**
 * Rescans and the jobs that belong to them; and what finds an account's waiting jobs by their priority, since a rescan can
 * have a hundred thousand of one account.
 */
export const rescans: readonly string[] = [
  `CREATE TABLE rescans (
    id INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT,
    collections TEXT NOT NULL, collection_index INTEGER NOT NULL, cursor TEXT,
    step INTEGER NOT NULL DEFAULT 0, queued INTEGER NOT NULL DEFAULT 0
  ) STRICT`,
  `CREATE UNIQUE INDEX rescans_open ON rescans (subject) WHERE ended_at IS NULL`,
  `CREATE TABLE rescan_jobs (
    rescan_id INTEGER NOT NULL REFERENCES rescans (id), job_id INTEGER NOT NULL, PRIMARY KEY (rescan_id, job_id)
  ) STRICT, WITHOUT ROWID`,
  `DROP INDEX jobs_did`,
  `CREATE INDEX jobs_did ON jobs (did, state, priority)`,
  `CREATE INDEX jobs_rescans ON jobs (did, run_after, id) WHERE state = 'pending' AND priority < 0`,
]
