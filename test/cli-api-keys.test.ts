import { hash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSqlite } from '../src/store/sqlite.ts'
import { linesOf, runHarrier } from './support/run-harrier.ts'

describe('harrier api-key', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'harrier-api-keys-'))
    await writeFile(join(folder, 'policy.yaml'), 'labels: [known-image]\n')
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const harrier = (...argv: string[]) => runHarrier(folder, ['api-key', ...argv])

  it('says that there is none, and how to make one', async () => {
    const { code, out, err } = await harrier('list')
    expect([code, out]).toEqual([3, ''])
    expect(err).toContain('harrier api-key create')
  })

  it('makes a key, shows it once, and keeps only its digest', async () => {
    const { code, out, err } = await harrier('create', 'my-pds')
    expect(code).toBe(0)
    expect(out).toMatch(/^harrier_[A-Za-z0-9_-]{43}\n$/)
    expect(err).toContain('my-pds: hash, match; 600 requests a minute')
    const secret = out.trim()
    await using database = await openSqlite({ path: join(folder, 'data', 'harrier.db') })
    const key = await database.apiKeys.findByDigest(hash('sha256', secret))
    expect(key).toMatchObject({ id: 1, name: 'my-pds', lastUsedAt: undefined, revokedAt: undefined })
    const files = await Promise.all(
      ['harrier.db', 'harrier.db-wal'].map((name) => readFile(join(folder, 'data', name))),
    )
    expect(Buffer.concat(files).includes(hash('sha256', secret))).toBe(true)
    expect(Buffer.concat(files).includes(secret.slice('harrier_'.length))).toBe(false)
  })

  it('takes scopes and a rate, and refuses others', async () => {
    const made = await harrier('create', 'tools', '--scopes', 'read,act,read', '--rate', '5', '--json')
    expect(linesOf(made.out)).toEqual([
      {
        id: 2,
        name: 'tools',
        scopes: ['act', 'read'],
        requestsPerMinute: 5,
        createdAt: expect.stringMatching(/Z$/),
        key: expect.stringMatching(/^harrier_/),
      },
    ])
    for (const wrong of [
      ['x', '--scopes', 'all'],
      ['x', '--scopes', ''],
      ['x', '--rate', '0'],
      [''],
      ['two\nlines'],
    ]) {
      expect(await harrier('create', ...wrong)).toMatchObject({ code: 2, out: '' })
    }
    expect(linesOf((await harrier('list', '--json')).out)).toHaveLength(2)
  })

  it('revokes a key once, and audits what was made and revoked', async () => {
    expect(await harrier('revoke', '1')).toMatchObject({ code: 0, out: 'revoked key 1 of my-pds\n' })
    expect(await harrier('revoke', '1')).toMatchObject({ code: 3, out: '' })
    expect(await harrier('revoke', '99')).toMatchObject({ code: 3 })
    expect(await harrier('revoke', 'all')).toMatchObject({ code: 2 })
    expect((await harrier('list')).out).toMatch(
      /1 +my-pds .* revoked .*Z\n2 +tools +act,read +5\/min .*good\n/s,
    )
    await using database = await openSqlite({ path: join(folder, 'data', 'harrier.db') })
    const entries = await database.audit.list('api-key:1', 10)
    expect(entries.map(({ actor, action, details }) => [actor, action, details])).toEqual([
      ['cli', 'api-key.revoked', { name: 'my-pds' }],
      ['cli', 'api-key.created', { name: 'my-pds', scopes: ['hash', 'match'], requestsPerMinute: 600 }],
    ])
  })

  it('explains itself', async () => {
    for (const command of ['create', 'list', 'revoke']) {
      const { code, out } = await harrier(command, '--help')
      expect(code).toBe(0)
      expect(out).toContain(`harrier api-key ${command}`)
      expect(out).toContain('Examples')
    }
  })
})
