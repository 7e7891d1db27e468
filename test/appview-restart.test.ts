import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openScriptedLabeler, type ScriptedLabeler } from './support/labeler.ts'
import { createDatabase, createLabelTable, postgresUrl, type TestDatabase } from './support/postgres.ts'
import { syncEnv } from './support/sync.ts'

const post = (number: number): string => `at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.feed.post/${number}`

describe.skipIf(!postgresUrl)('an appview-sync that is killed after any statement', () => {
  const stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'harrier-mortal-sync-'))
  stack.defer(() => rmSync(folder, { recursive: true }))
  let labeler: ScriptedLabeler

  beforeAll(async () => {
    labeler = stack.use(await openScriptedLabeler())
    await labeler.publishEach([{ uri: post(1) }, { uri: post(2) }, { uri: post(3) }])
    await labeler.publishEach([
      { uri: post(1), neg: true, cts: '2026-01-02T00:00:00Z' },
      { uri: post(4), cts: '2026-01-02T00:00:00Z' },
    ])
  })
  afterAll(() => stack.disposeAsync())

  it('loses no label, writes none twice, and resumes where the table is', async () => {
    const deaths: number[] = []
    let survived = 0
    // Two lives at a time, one per core, until one was too short to be killed.
    for (let step = 1; survived === 0; step += 2) {
      for (const { wasKilled, resumedAt, state } of await Promise.all([
        liveTwice(step),
        liveTwice(step + 1),
      ])) {
        expect(state.rows, `rows after step ${step}`).toEqual([
          { uri: post(1), neg: true },
          { uri: post(2), neg: false },
          { uri: post(3), neg: false },
          { uri: post(4), neg: false },
        ])
        expect(state).toMatchObject({ written: 4, cursor: '5' })
        if (!wasKilled) survived++
        else deaths.push(resumedAt)
      }
    }
    // Before the commit it starts anew; once the server has committed, it does not.
    expect(deaths.length).toBeGreaterThanOrEqual(4)
    expect(new Set(deaths)).toEqual(new Set([0, 5]))
  }, 120_000)

  it('resumes between batches after a kill, and ends in order when it is told to', async () => {
    await using database = await createDatabase()
    await createLabelTable(database)
    await using other = await openScriptedLabeler()
    const env = { ...syncEnv({ database, labelers: [other] }), NODE_COMPILE_CACHE: folder }
    const follow = () => {
      const program = join(import.meta.dirname, '../scripts/harrier.ts')
      return spawn(process.execPath, [program, 'appview-sync', '--json'], {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    }
    await other.publishEach([{ uri: post(1) }, { uri: post(2) }])
    const first = follow()
    await expect.poll(() => cursorOf(database)).toBe('2')
    first.kill('SIGKILL')
    await once(first, 'exit')
    await other.publishEach([{ uri: post(3) }])
    const second = follow()
    let [out, log] = ['', '']
    second.stdout.on('data', (text: Buffer) => {
      out += text.toString()
    })
    second.stderr.on('data', (text: Buffer) => {
      log += text.toString()
    })
    await expect.poll(() => cursorOf(database)).toBe('3')
    second.kill('SIGTERM')
    expect(await once(second, 'close')).toEqual([0, null])
    expect(other.cursors).toEqual(['0', '2'])
    expect(JSON.parse(out)).toEqual({
      labeler: other.did,
      cursor: 3,
      stored: 1,
      expired: 0,
      negated: 0,
      outdated: 0,
      unchanged: 0,
      refused: {},
      refusedFrames: 0,
      end: 'stopped',
    })
    const messages = log
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg)
    expect(messages).toEqual(['appview.started', 'appview.connected', 'appview.ended'])
  })

  /** Runs a sync that dies after `step`, then one that does not, on a database of their own. */
  async function liveTwice(step: number) {
    await using database = await createDatabase()
    await createLabelTable(database)
    await countWrites(database)
    const first = await live(database, step)
    const cursor = await cursorOf(database)
    const second = first === 'killed' ? await live(database, 0) : first
    expect(second).toBe('done')
    const rows = await database.query('SELECT uri, neg FROM bsky.label ORDER BY uri')
    const [written] = await database.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM bsky.written',
    )
    const state = { rows, written: written?.count, cursor: await cursorOf(database) }
    return { wasKilled: first === 'killed', resumedAt: Number(cursor ?? 0), state }
  }

  async function live(database: TestDatabase, killAfter: number): Promise<'killed' | 'done'> {
    const program = join(import.meta.dirname, 'support/mortal-sync.ts')
    const child = spawn(process.execPath, [program, String(killAfter), '--once', '--idle', '1'], {
      env: {
        ...syncEnv({ database, labelers: [labeler] }),
        HARRIER_LOG_LEVEL: 'error',
        NODE_COMPILE_CACHE: folder,
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
    if (signal === 'SIGKILL') return 'killed'
    expect(code).toBe(0)
    return 'done'
  }
})

/** Every insertion that is committed leaves a mark, so that a second one of the same label shows. */
async function countWrites(database: TestDatabase): Promise<void> {
  await database.query('CREATE TABLE bsky.written (uri varchar)')
  await database.query(`CREATE FUNCTION bsky.mark() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO bsky.written VALUES (new.uri); RETURN new; END $$`)
  await database.query(
    'CREATE TRIGGER mark AFTER INSERT OR UPDATE ON bsky.label FOR EACH ROW EXECUTE FUNCTION bsky.mark()',
  )
}

async function cursorOf(database: TestDatabase): Promise<string | undefined> {
  const [table] = await database.query<{ name: string | null }>(
    `SELECT to_regclass('harrier.label_cursor')::text AS name`,
  )
  if (!table?.name) return undefined
  const [row] = await database.query<{ cursor: string }>('SELECT cursor FROM harrier.label_cursor')
  return row?.cursor
}
