import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../store/database.ts'
import { openSqlite } from '../store/sqlite.ts'
import { type RecordableSetting, recordSettings } from './record-settings.ts'
import { openSecretDigest } from './settings-salt.ts'

const at = '2026-01-01T00:00:00.000Z'
const token = 'a-token-of-some-length'

describe('what a start of the service records of its settings', () => {
  let folder: string
  let database: Database
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'harrier-settings-'))
    database = await openSqlite({ path: ':memory:' })
  })
  afterEach(async () => {
    await database[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  const plain = (name: string, value: unknown, fallback: unknown): RecordableSetting => ({
    name,
    value: JSON.stringify(value),
    default: JSON.stringify(fallback),
    isSecret: false,
  })
  const secret = (name: string, value: string | undefined): RecordableSetting => ({
    name,
    value: value === undefined ? 'null' : JSON.stringify(openSecretDigest(folder)(name, value)),
    default: 'null',
    isSecret: true,
  })
  const start = (settings: readonly RecordableSetting[], policy?: { file: string; digest: string }) =>
    recordSettings(database, { settings, policy: { file: policy?.file, digest: policy?.digest }, at })
  const changes = async () =>
    (await database.audit.list('settings', 10)).map(({ details }) => details['changed'])

  it('adds no row on the defaults, nor on settings that are as they were', async () => {
    await start([plain('PORT', 3000, 3000), secret('TOKEN', undefined)])
    await start([plain('PORT', 3000, 3000), secret('TOKEN', undefined)])
    expect((await database.audit.page({ limit: 10, offset: 0 })).total).toBe(0)
    const changed = [plain('PORT', 3001, 3000), secret('TOKEN', token)]
    for (let n = 0; n < 3; n++) await start(changed, { file: 'policy.yaml', digest: 'd' })
    expect((await database.audit.page({ limit: 10, offset: 0 })).total).toBe(2)
  })

  it('names what changed, with the old value and the new one', async () => {
    await start([plain('PORT', 3001, 3000), plain('HOSTS', ['a'], [])])
    await start([plain('PORT', 3002, 3000), plain('HOSTS', ['a'], [])])
    await start([plain('PORT', 3000, 3000), plain('HOSTS', [], [])])
    expect(await changes()).toEqual([
      { PORT: { from: 3002, to: 3000 }, HOSTS: { from: ['a'], to: [] } },
      { PORT: { from: 3001, to: 3002 } },
      { PORT: { from: 3000, to: 3001 }, HOSTS: { from: [], to: ['a'] } },
    ])
    expect((await database.audit.list('settings', 1))[0]).toMatchObject({
      at,
      actor: 'harrier',
      action: 'config.changed',
      details: { comparedWith: 'the last start' },
    })
  })

  it('says of a secret that it was set, changed or removed, and nothing else', async () => {
    await start([secret('TOKEN', undefined), secret('PASSWORD', 'hunter2')])
    await start([secret('TOKEN', token), secret('PASSWORD', 'hunter2')])
    await start([secret('TOKEN', `${token}2`), secret('PASSWORD', 'hunter2')])
    await start([secret('TOKEN', undefined), secret('PASSWORD', 'hunter2')])
    expect(await changes()).toEqual([
      { TOKEN: 'removed' },
      { TOKEN: 'changed' },
      { TOKEN: 'set' },
      { PASSWORD: 'set' },
    ])
  })

  it('keeps digests that nobody can guess at without the salt, and that differ between settings of one value', async () => {
    await start([secret('ONE', 'hunter2'), secret('TWO', 'hunter2')])
    const kept = [...(await database.recordedSettings.load()).values()]
    expect(kept.join()).not.toContain('hunter2')
    const [one, two] = kept.map((text) => text.split('.')[1])
    expect(one).not.toBe(two)
    const salt = join(folder, 'settings-salt.hex')
    expect(statSync(salt).mode & 0o777).toBe(0o600)
    const before = openSecretDigest(folder)('ONE', 'hunter2')
    rmSync(salt)
    expect(openSecretDigest(folder)('ONE', 'hunter2')).not.toBe(before)
  })

  it('says that it cannot compare secrets when the salt is gone', async () => {
    await start([secret('TOKEN', token), plain('PORT', 1, 1)])
    rmSync(join(folder, 'settings-salt.hex'))
    await start([secret('TOKEN', token), plain('PORT', 1, 1)])
    await start([secret('TOKEN', token), plain('PORT', 1, 1)])
    expect(await changes()).toEqual([
      { TOKEN: 'set, and whether to another value cannot be told' },
      { TOKEN: 'set' },
    ])
  })

  it('compares a setting that is new with its default, and names one that is no more', async () => {
    await start([plain('OLD', 1, 1), plain('PORT', 2, 1)])
    await start([plain('PORT', 2, 1), plain('NEW', 7, 7), plain('ODD', 8, 7)])
    const [row] = await database.audit.list('settings', 1)
    expect(row?.details).toEqual({
      comparedWith: 'the last start',
      changed: { ODD: { from: 7, to: 8 } },
      noLongerASetting: ['OLD'],
    })
  })

  it('records the policy by its digest', async () => {
    await start([], { file: 'a.yaml', digest: 'one' })
    await start([], { file: 'a.yaml', digest: 'two' })
    await start([], { file: 'a.yaml', digest: 'two' })
    await start([])
    const rows = await database.audit.list('policy', 10)
    expect(rows.map(({ action, details }) => [action, details])).toEqual([
      ['policy.changed', { from: 'two', to: null }],
      ['policy.changed', { from: 'one', to: 'two', file: 'a.yaml' }],
      ['policy.changed', { from: null, to: 'one', file: 'a.yaml' }],
    ])
  })
})
