import SqliteFile from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { afterEach, describe, expect, it } from 'vitest'
import type { Stores } from './database.ts'
import { createDidStore } from './did-store.ts'
import { createGroupCommit } from './group-commit.ts'
import type { Schema } from './schema.ts'

const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: new SqliteFile(':memory:') }) })
await db.schema
  .createTable('did_docs')
  .addColumn('did', 'text', (column) => column.primaryKey())
  .addColumn('doc', 'text')
  .addColumn('updated_at', 'integer')
  .execute()
const storesOver = (over: Kysely<Schema>) => ({ dids: createDidStore(over) }) as Stores

let commits = 0
const commit = createGroupCommit({
  transaction: async (run) => {
    await db.transaction().execute((over) => run(storesOver(over)))
    commits += 1
  },
})
const save = (did: string, fault?: Error) =>
  commit(async ({ dids }) => {
    await dids.save(did as never, { doc: '{}', updatedAt: 0 })
    if (fault) throw fault
    return commits
  })
const saved = async () =>
  (await db.selectFrom('did_docs').select('did').orderBy('did').execute()).map(({ did }) => did)

describe('a group commit', () => {
  afterEach(async () => {
    await db.deleteFrom('did_docs').execute()
    commits = 0
  })

  it('commits what comes together once, and resolves nobody before that', async () => {
    const seen = await Promise.all(Array.from({ length: 50 }, (_, n) => save(`did:plc:${n}`)))
    expect(seen).toEqual(Array.from({ length: 50 }, () => 0))
    expect(commits).toBe(1)
    expect(await saved()).toHaveLength(50)
  })

  it('commits what comes while it runs in the next one, and more than it holds in several', async () => {
    const second = save('did:plc:a').then(() => save('did:plc:b'))
    await second
    expect(commits).toBe(2)
    await Promise.all(Array.from({ length: 450 }, (_, n) => save(`did:plc:${n}`)))
    expect(commits).toBe(2 + 3)
    expect(await saved()).toHaveLength(452)
  })

  it('undoes the work that fails, and that alone', async () => {
    const results = await Promise.allSettled([
      save('did:plc:a'),
      save('did:plc:b', new Error('planted')),
      save('did:plc:c'),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({ reason: { message: 'planted' } })
    expect(await saved()).toEqual(['did:plc:a', 'did:plc:c'])
  })

  it('tells of the first run of work only what was committed', async () => {
    let runs = 0
    const counted = commit(async ({ dids }) => {
      runs += 1
      await dids.save('did:plc:a' as never, { doc: '{}', updatedAt: runs })
      return runs
    })
    await Promise.allSettled([counted, save('did:plc:b', new Error('planted'))])
    expect(await counted).toBe(2)
    expect(await db.selectFrom('did_docs').select('updated_at').execute()).toEqual([{ updated_at: 2 }])
  })

  it('rejects everybody when the commit fails, and goes on with the next', async () => {
    let isBroken = true
    const fragile = createGroupCommit({
      transaction: async (run) => {
        await db.transaction().execute(async (over) => {
          await run(storesOver(over))
          if (isBroken) throw new Error('disk full')
        })
      },
    })
    const work = (did: string) => fragile(({ dids }) => dids.save(did as never, { doc: '{}', updatedAt: 0 }))
    const results = await Promise.allSettled([work('did:plc:a'), work('did:plc:b')])
    expect(results).toMatchObject([
      { reason: { message: 'disk full' } },
      { reason: { message: 'disk full' } },
    ])
    isBroken = false
    await work('did:plc:c')
    expect(await saved()).toEqual(['did:plc:c'])
  })
})
