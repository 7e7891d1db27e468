import { describe, expect, it } from 'vitest'
import { openSqlite } from '../store/sqlite.ts'
import { auditedKeys } from './audited-keys.ts'

const at = '2026-01-01T00:00:00.000Z'

describe('auditedKeys', () => {
  it('leaves a row of each key that becomes the live one, and none where it is already', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    const keys = auditedKeys(database, { actor: 'harrier', src: 'did:web:labeler.test' })
    for (const key of ['did:key:zOne', 'did:key:zOne', 'did:key:zTwo']) await keys.makeLive(key, at)
    expect((await database.keys.load()).live).toBe('did:key:zTwo')
    const row = { at, actor: 'harrier', action: 'key.taken-up', subject: 'did:web:labeler.test' }
    expect(await database.audit.list('did:web:labeler.test', 10)).toEqual([
      { ...row, details: { from: 'did:key:zOne', to: 'did:key:zTwo' } },
      { ...row, details: { from: null, to: 'did:key:zOne' } },
    ])
  })
})
