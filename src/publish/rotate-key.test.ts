import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifySignature } from '@atproto/crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { someDid, someUri } from '../../test/support/builders.ts'
import { createKeyFolder, type KeyFolder } from '../atproto/key-folder.ts'
import { openKeyring } from '../keyring.ts'
import { AppError } from '../lib/errors.ts'
import type { AtUri } from '../model/ids.ts'
import type { Database } from '../store/database.ts'
import { openSqlite } from '../store/sqlite.ts'
import { encodeUnsigned } from './encode-label.ts'
import { type RotateKeyDeps, rotateKey, settleKeyChange, type UpdateDocument } from './rotate-key.ts'
import { createServedLabels, type ServedLabels } from './served-labels.ts'
import { signLabel } from './sign-labels.ts'

const never = new AbortController().signal
const times = { settleMs: 1, giveUpMs: 60_000, doubtMs: 20, lookMs: 1 }
const at = '2026-01-01T00:00:00.000Z'

/** A labeler's data folder, its database, and its DID document, which outlive a process that dies. */
type Labeler = { readonly path: string; document: string | undefined }

describe('a change of the label key', () => {
  let labeler: Labeler
  let database: Database
  let folder: KeyFolder
  let old: string

  beforeEach(async () => {
    labeler = { path: mkdtempSync(join(tmpdir(), 'harrier-rotate-')), document: undefined }
    database = await openSqlite({ path: join(labeler.path, 'harrier.db') })
    folder = createKeyFolder(labeler.path)
    const keyring = await openKeyring({ store: database.keys, folder, setting: undefined, now }, 'service')
    old = keyring.current.did()
    labeler.document = old
    for (let i = 0; i < 5; i++) {
      const fields = { src: someDid, uri: `${someUri}${i}` as AtUri, val: 'known-image', cts: at }
      await database.labels.append([await signLabel(keyring.current, fields)])
    }
  })
  afterEach(async () => {
    await database[Symbol.asyncDispose]()
    rmSync(labeler.path, { recursive: true })
  })

  const now = () => new Date()
  const depsOf = (parts: Partial<RotateKeyDeps> = {}): RotateKeyDeps => ({
    database,
    folder,
    src: someDid,
    document: { isOurs: false, resolveKey: async () => labeler.document },
    now,
    times,
    ...parts,
  })
  const update: UpdateDocument = async (next, { hold }) => {
    await hold()
    labeler.document = next
  }
  const rotate = (deps: RotateKeyDeps, asked: UpdateDocument, isAgain = false) =>
    rotateKey(deps, { update: asked, isAgain }, never)
  const open = async () => {
    const keyring = await openKeyring({ store: database.keys, folder, setting: undefined, now }, 'service')
    return createServedLabels({ database, keyOf: keyring.keyOf })
  }
  /** What the stream sends, with the fields that its bytes are of. */
  const pageOf = async (served: Pick<ServedLabels, 'stream'>, after: number, limit: number) => {
    const streamed = await served.stream(after, limit)
    const page = (await database.labels.page(after, limit)).slice(0, streamed.length)
    expect(streamed.map(({ seq, bytes }) => [seq, Buffer.from(bytes)])).toEqual(
      page.map(({ seq, bytes }) => [seq, Buffer.from(bytes)]),
    )
    return page
  }
  /** What anybody can read now, each label checked against the document as it is now. */
  const readAll = async () => {
    const served = await open()
    const page = await pageOf(served, 0, 100)
    for (const { sig, bytes: _, seq, ...label } of page) {
      expect(await verifySignature(labeler.document ?? '', encodeUnsigned(label), sig), `seq ${seq}`).toBe(
        true,
      )
    }
    return page
  }

  it('signs the published labels anew when they are read, with their seq and cts as they were', async () => {
    const before = await readAll()
    const rotation = await rotate(depsOf(), update)
    expect(rotation).toEqual({ didKey: labeler.document, retired: old, stale: 5 })
    const served = await open()
    expect((await pageOf(served, 1, 2)).map(({ seq }) => seq)).toEqual([2, 3])
    expect(await database.keys.countStale()).toBe(3)
    const query = { uriPatterns: [`${someUri}4`], sources: [], limit: 10, after: 0 }
    const [found] = await served.query(query, at)
    expect(await database.keys.countStale()).toBe(2)
    const after = await readAll()
    const fieldsOf = ({ seq, uri, val, cts }: (typeof after)[number]) => ({ seq, uri, val, cts })
    expect(after.map(fieldsOf)).toEqual(before.map(fieldsOf))
    expect(Buffer.from(found?.sig ?? [])).toEqual(after.at(-1)?.sig)
    expect(await database.keys.countStale()).toBe(0)
  })

  it('is completed in the background, whatever is read', async () => {
    await rotate(depsOf(), update)
    const served = await open()
    expect([await served.renew(3), await served.renew(3), await served.renew(3)]).toEqual([3, 2, 0])
    expect(await database.labels.page(0, 10)).toEqual(await readAll())
  })

  it('shows nobody a label while the document changes, and keeps what is published meanwhile', async () => {
    const keyring = await openKeyring({ store: database.keys, folder, setting: undefined, now }, 'service')
    const served = createServedLabels({ database, keyOf: keyring.keyOf })
    const query = { uriPatterns: ['*'], sources: [], limit: 10, after: 0 }
    let reads = 0
    await rotate(depsOf(), async (next, { hold }) => {
      expect(await pageOf(served, 0, 10)).toHaveLength(5)
      await hold()
      expect(await pageOf(served, 0, 10)).toEqual([])
      await expect(served.query(query, at)).rejects.toMatchObject({
        name: 'LabelsHeldError',
        kind: 'unavailable',
      })
      expect(await served.renew(10)).toBe(0)
      const fields = { src: someDid, uri: someUri, val: 'known-image', cts: at }
      await database.labels.append([await signLabel(keyring.current, fields)])
      labeler.document = next
      reads += 1
    })
    expect(reads).toBe(1)
    expect(await readAll()).toHaveLength(6)
  })

  it('goes back to the old key when the document cannot be changed, and uses the same key next time', async () => {
    const failing: UpdateDocument = async (_, { hold }) => {
      await hold()
      throw new AppError('invalid', 'planted')
    }
    await expect(rotate(depsOf(), failing)).rejects.toThrow('planted')
    expect(await readAll()).toHaveLength(5)
    const made = (await folder.next())?.did()
    const impatient = depsOf({ times: { ...times, giveUpMs: 5 } })
    await expect(rotate(impatient, (_, { hold }) => hold())).rejects.toMatchObject({
      name: 'DocumentUnchangedError',
    })
    expect(await readAll()).toHaveLength(5)
    expect((await rotate(depsOf(), update)).didKey).toBe(made)
    expect(await readAll()).toHaveLength(5)
  })

  it('serves labels again as soon as the update knows that nothing was changed', async () => {
    const unsure: UpdateDocument = async (_, { hold, release }) => {
      await hold()
      await release()
      expect(await readAll()).toHaveLength(5)
      throw new AppError('invalid', 'given up')
    }
    await expect(rotate(depsOf({ times: { ...times, doubtMs: 60_000 } }), unsure)).rejects.toThrow('given up')
  })

  it('takes the new key when the document changed though the answer to that was lost', async () => {
    const lost: UpdateDocument = async (next, labels) => {
      await update(next, labels)
      throw new AppError('upstream', 'connection reset')
    }
    expect((await rotate(depsOf(), lost)).didKey).toBe(labeler.document)
    expect(await readAll()).toHaveLength(5)
  })

  it('follows a document that was changed by hand, with no command running', async () => {
    await expect(rotate(depsOf(), () => Promise.reject(new AppError('invalid', 'later')))).rejects.toThrow(
      'later',
    )
    expect(await settleKeyChange(depsOf(), never)).toBe('idle')
    labeler.document = (await folder.next())?.did()
    expect(await settleKeyChange(depsOf(), never)).toBe('changed')
    expect(await readAll()).toHaveLength(5)
  })

  it('is done once within the hour, unless it is asked for again', async () => {
    const { didKey } = await rotate(depsOf(), update)
    expect(await rotate(depsOf(), update)).toEqual({ didKey, retired: undefined, stale: 5 })
    const later = depsOf({ now: () => new Date(Date.now() + 3_700_000) })
    expect((await rotate(later, update)).retired).toBe(didKey)
    expect((await rotate(depsOf(), update, true)).didKey).not.toBe(didKey)
    expect(await readAll()).toHaveLength(5)
  })

  it('needs no document for a did:web that is served here: it follows the live key', async () => {
    const deps = depsOf({
      document: { isOurs: true, resolveKey: () => Promise.reject(new Error('nobody asks')) },
    })
    const unused: UpdateDocument = () => Promise.reject(new Error('nobody asks'))
    const { didKey } = await rotate(deps, unused)
    expect((await database.keys.load()).live).toBe(didKey)
    labeler.document = didKey
    expect(await readAll()).toHaveLength(5)
  })

  it('survives a death after every step: nothing unverifiable is shown, and one key is made', async () => {
    let deaths = 0
    for (let step = 1; ; step++) {
      const made = await folder.next()
      const before = labeler.document ?? ''
      const outcome = await dieAfter(step)
      // Whatever the state, what can be read verifies, before anything settles it and after.
      await readAll()
      if (outcome === 'lived') break
      deaths += 1
      await settleKeyChange(depsOf(), never)
      await readAll()
      const { didKey } = await rotate(depsOf(), update)
      expect(didKey).toBe(labeler.document)
      expect(didKey).not.toBe(before)
      expect(made === undefined || made.did() === didKey).toBe(true)
      expect(await readAll()).toHaveLength(5)
      expect(await folder.next()).toBeUndefined()
    }
    // The key file, the proposal, the hold, the document, the live key, the renamed file.
    expect(deaths).toBeGreaterThanOrEqual(6)
    const keys = await database.keys.list()
    expect(keys.filter(({ state }) => state === 'live')).toHaveLength(1)
    // One key for each change, those of the deaths and the last one, and the first.
    expect(keys).toHaveLength(deaths + 2)
  }, 30_000)

  /** Runs a change of keys whose process stands still for ever after `step` durable steps. */
  async function dieAfter(step: number): Promise<'died' | 'lived'> {
    const dead = Promise.withResolvers<'died'>()
    let steps = 0
    const mortal = <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) => {
      return async (...args: Args): Promise<Result> => {
        const result = await call(...args)
        steps += 1
        if (steps !== step) return result
        dead.resolve('died')
        return new Promise<never>(() => undefined)
      }
    }
    const deps = depsOf({
      database: {
        keys: { ...database.keys, hold: mortal(database.keys.hold) },
        transaction: mortal(database.transaction),
      },
      folder: {
        next: folder.next,
        openNext: mortal(folder.openNext),
        promote() {
          folder.promote()
          steps += 1
          if (steps === step) throw new Error('died')
        },
      },
    })
    const changed = mortal(async (next: string) => {
      labeler.document = next
    })
    const mortalUpdate: UpdateDocument = async (next, { hold }) => {
      await hold()
      await changed(next)
    }
    const life = rotate(deps, mortalUpdate, true)
    return Promise.race([
      dead.promise,
      life.then(
        () => 'lived' as const,
        () => 'died' as const,
      ),
    ])
  }
})
