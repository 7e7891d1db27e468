import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createKeyFolder, type KeyFolder } from './atproto/key-folder.ts'
import { generateSigningKey, type NewSigningKey } from './atproto/signing-key.ts'
import { openKeyring } from './keyring.ts'
import type { Database } from './store/database.ts'
import { openSqlite } from './store/sqlite.ts'

const at = '2026-01-01T00:00:00.000Z'
const now = () => new Date(at)

describe('openKeyring', () => {
  let path: string
  let folder: KeyFolder
  let database: Database
  let [first, second]: NewSigningKey[] = []
  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'harrier-keys-'))
    folder = createKeyFolder(path)
    database = await openSqlite({ path: ':memory:' })
    first = await generateSigningKey()
    second = await generateSigningKey()
  })
  afterEach(async () => {
    await database[Symbol.asyncDispose]()
    rmSync(path, { recursive: true })
  })
  const open = (setting?: NewSigningKey, opener: 'service' | 'command' = 'service') =>
    openKeyring({ store: database.keys, folder, setting: setting?.exportHex(), now }, opener)
  const liveKey = async () => (await database.keys.load()).live

  it('makes a key on first use, keeps it, and finds it again', async () => {
    const { current } = await open()
    expect(await liveKey()).toBe(current.did())
    expect((await open()).current.did()).toBe(current.did())
    expect((await folder.current())?.did()).toBe(current.did())
  })

  it('takes the key that is set before one of the file, and leaves no file where one is set', async () => {
    expect((await open(first)).current.did()).toBe(first?.did())
    expect(await folder.current()).toBeUndefined()
  })

  it('lets the service take up another key that is set, and retires the one before it', async () => {
    const generated = (await open()).current.did()
    expect((await open(second, 'command')).current.did()).toBe(generated)
    expect((await open(second)).current.did()).toBe(second?.did())
    expect(await database.keys.isRetired(generated)).toBe(true)
    // The file still holds the retired key; a command without the setting must not sign with it.
    const lost = await open(undefined, 'command')
    expect(() => lost.current).toThrow('Expected the private half')
  })

  it('never signs with a retired key: the setting is passed over for the live key in the file', async () => {
    await database.keys.makeLive(first?.did() ?? '', at)
    const live = (await folder.openCurrent()).did()
    await database.keys.makeLive(live, at)
    const keyring = await open(first)
    expect(keyring.current.did()).toBe(live)
    expect(keyring.isSettingRetired).toBe(true)
  })

  it('makes no key while the store knows a live one, but lets commands in that need none', async () => {
    await database.keys.makeLive(first?.did() ?? '', at)
    await expect(open()).rejects.toMatchObject({ name: 'LiveKeyMissingError' })
    const keyring = await open(undefined, 'command')
    expect(() => keyring.current).toThrow('key rotate')
    expect(await folder.current()).toBeUndefined()
  })

  it('finds the live key in the file of a change that was cut short, and follows a change of keys', async () => {
    const keyring = await open()
    const next = (await folder.openNext()).did()
    await database.keys.propose(next, at)
    await keyring.refresh()
    expect(keyring.current.did()).not.toBe(next)
    await database.keys.makeLive(next, at)
    await keyring.refresh()
    expect(keyring.current.did()).toBe(next)
    expect((await open()).current.did()).toBe(next)
    folder.promote()
    folder.promote()
    expect([(await open()).current.did(), await folder.next()]).toEqual([next, undefined])
  })
})
