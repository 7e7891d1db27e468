import { hash, randomBytes } from 'node:crypto'
import type { Client } from '@atproto/lex'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { harrier } from '../src/lexicons/tools.js'
import { type AtUri, blobCidOfSha256, parseAtUri } from '../src/model/ids.ts'
import { documentedErrors, openAgent, openClient, refusalOf } from './support/harrier-client.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { type LoopbackServer, openLoopbackServer } from './support/listen.ts'
import { openRestService, type RestService } from './support/rest-client.ts'
import { openServiceTools } from './support/service.ts'

const { scan, match, bank } = harrier

/** Accounts, by what becomes of their blobs; the rest of the DID is made of the same letter. */
const fates = {
  a: 'served',
  b: 'absent',
  c: 'other bytes',
  d: 'inactive',
  e: 'fault',
  f: 'private',
  g: 'large',
} as const
const didOf = (letter: string) => `did:plc:${letter.repeat(24)}` as const
const missing = 'bank-that-is-not'
const pdq = 'f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22'

describe('the methods of tools.harrier', () => {
  const stack = new AsyncDisposableStack()
  /** Every error of a lexicon that a test has provoked: `method error`. */
  const provoked = new Set<string>()
  const blobs = new Map<string, Uint8Array>()
  let service: RestService
  let hosts: LoopbackServer
  let client: Client
  let known: Buffer
  let like: Buffer
  let other: Buffer

  const refused = async (method: { $nsid: string }, call: Promise<unknown>, error: string, status = 400) => {
    const refusal = await refusalOf(call)
    expect([refusal.status, refusal.error]).toEqual([status, error])
    expect(refusal.message).not.toBe('')
    provoked.add(`${method.$nsid} ${error}`)
  }
  const addBlob = (bytes: Uint8Array) => {
    const cid = cidOf(bytes)
    blobs.set(cid, bytes)
    return cid
  }

  beforeAll(async () => {
    known = await drawLandscape(1, { width: 480, height: 320 })
    like = await recompress(known, 60)
    other = await drawLandscape(2, { width: 480, height: 320 })
    hosts = stack.use(await openHosts(blobs))
    service = stack.use(
      await openRestService(known, {
        HARRIER_PLC_URL: hosts.origin,
        HARRIER_ALLOW_PRIVATE_ORIGINS: hosts.origin,
        HARRIER_MAX_BLOB_BYTES: '1000000',
        HARRIER_FETCH_TIMEOUT_MS: '5000',
      }),
    )
    client = openClient(service.url, await service.makeKey())
  })
  afterAll(() => stack.disposeAsync())

  describe('scan.image', () => {
    const send = (bytes: Uint8Array, params = {}, by = client) =>
      by.xrpc(scan.image, { params, body: bytes, encoding: 'image/png' })

    it('hashes an image and tells what it matches', async () => {
      const { body } = await send(new Uint8Array(like))
      expect(body).toMatchObject({ cid: cidOf(like), outcome: 'matched', isKnown: false })
      expect(body.image).toMatchObject({ format: 'jpeg', width: 480, height: 320, size: like.length })
      expect(body.matches).toMatchObject([{ bank: 'known', contentId: 1, hashType: 'pdq', look: 'original' }])
      expect(body.hashes.map(({ type, profile }) => [type, profile])).toEqual([
        ['pdq', 'reference-512'],
        ['pdq', 'full-resolution'],
        ['md5', undefined],
        ['sha1', undefined],
        ['sha256', undefined],
      ])
      expect(body.hashes[0]?.quality).toBe(100)
      for (const { type, value } of body.hashes.slice(2)) expect(value).toBe(hash(type, like))
    })

    it('says of another image that it is clear, and keeps nothing of it', async () => {
      const { body } = await send(new Uint8Array(other))
      expect(body).toMatchObject({ outcome: 'clear', matches: [] })
      const status = await client.xrpc(match.getStatus, { params: { cid: cidOf(other) } })
      expect(status.body.isKnown).toBe(false)
    })

    it('says of what is no image that it could not be decoded, unless a bank has its digest', async () => {
      const text = Buffer.from('This is no picture')
      expect((await send(text)).body).toMatchObject({ outcome: 'unscannable', reason: 'unsupported-format' })
      expect((await send(new Uint8Array())).body).toMatchObject({ outcome: 'unscannable', reason: 'empty' })
      const hashes = [{ type: 'md5', value: hash('md5', text) }] as const
      await client.xrpc(bank.createBank, { body: { name: 'texts' } })
      await client.xrpc(bank.addContent, { body: { bank: 'texts', hashes: [...hashes] } })
      const { body } = await send(text)
      expect(body).toMatchObject({
        outcome: 'matched',
        matches: [{ bank: 'texts', hashType: 'md5', distance: 0 }],
      })
    })

    it('keeps to the banks and the distance that are asked for', async () => {
      const none = await send(new Uint8Array(like), { banks: ['texts'] })
      expect(none.body.outcome).toBe('clear')
      const exact = await send(new Uint8Array(known), { banks: ['known'], maxDistance: 0 })
      expect(exact.body.matches[0]?.distance).toBe(0)
    })

    it('refuses what it does not take', async () => {
      await refused(scan.image, send(randomBytes(1_000_001)), 'PayloadTooLarge', 413)
      await refused(scan.image, send(new Uint8Array(like), { banks: [missing] }), 'BankNotFound')
      await refused(scan.image, send(new Uint8Array(like), { maxDistance: 49 }), 'DistanceTooFar')
    })

    it('refuses a body that is compressed', async () => {
      const init = {
        method: 'POST',
        body: 'x',
        headers: { 'content-encoding': 'gzip', 'content-type': 'image/png' },
      }
      const answer = await openAgent(service.url, await service.makeKey()).fetchHandler(
        `/xrpc/${scan.image.$nsid}`,
        init,
      )
      expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'InvalidRequest' }])
    })

    it('refuses a body that says nothing of its length and is too large, as it comes', async () => {
      const piece = randomBytes(100_000)
      let sent = 0
      const body = new ReadableStream({
        pull(controller) {
          if (sent++ < 100) controller.enqueue(piece)
          else controller.close()
        },
      })
      const call = client.xrpc(scan.image, { body, encoding: 'image/png' })
      await refused(scan.image, call, 'PayloadTooLarge', 413)
      expect(sent).toBeLessThanOrEqual(100)
    })
  })

  describe('scan.blob', () => {
    const ask = (letter: string, cid: string, more = {}) =>
      client.xrpc(scan.blob, { body: { did: didOf(letter), cid, ...more } })

    it('fetches a blob from its host once, and remembers what it found', async () => {
      const cid = addBlob(like)
      const { body } = await ask('a', cid)
      expect(body).toMatchObject({ cid, outcome: 'matched', isKnown: false, image: { format: 'jpeg' } })
      expect(body.matches).toMatchObject([{ bank: 'known', contentId: 1 }])
      blobs.delete(cid)
      expect((await ask('b', cid)).body).toMatchObject({ outcome: 'matched', isKnown: true })
      const status = await client.xrpc(match.getStatus, { params: { cid } })
      expect(status.body).toMatchObject({ cid, isKnown: true, isMatched: true })
    })

    it('knows by the CID alone what a bank has, and asks no host', async () => {
      const { body } = await ask('b', cidOf(known))
      expect(body).toMatchObject({ outcome: 'matched', isKnown: true })
      expect(body.hashes).toEqual([{ type: 'sha256', value: hash('sha256', known) }])
    })

    it('says of a blob that is no image that it could not be decoded', async () => {
      const { body } = await ask('a', addBlob(randomBytes(100)))
      expect(body).toMatchObject({ outcome: 'unscannable', reason: 'unsupported-format', matches: [] })
    })

    it('tells why a host does not give a blob', async () => {
      const cid = cidOf(randomBytes(10))
      const large = addBlob(randomBytes(1_000_001))
      await refused(scan.blob, ask('h', cid), 'AccountNotFound')
      await refused(scan.blob, ask('b', cid), 'BlobNotFound')
      await refused(scan.blob, ask('c', cid), 'CidMismatch')
      await refused(scan.blob, ask('d', cid), 'AccountInactive')
      await refused(scan.blob, ask('e', cid), 'HostFailed')
      await refused(scan.blob, ask('f', cid), 'HostRefused')
      await refused(scan.blob, ask('a', large), 'BlobTooLarge')
    })

    it('refuses what it does not take', async () => {
      await refused(
        scan.blob,
        ask('a', 'bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454'),
        'InvalidCid',
      )
      await refused(scan.blob, ask('a', cidOf(like), { banks: [missing] }), 'BankNotFound')
      await refused(scan.blob, ask('a', cidOf(like), { maxDistance: 256 }), 'DistanceTooFar')
    })
  })

  describe('match.hash', () => {
    const ask = (body: harrier.match.hash.$InputBody) => client.xrpc(match.hash, { body })

    it('finds what is near enough, to the bit', async () => {
      const { body } = await client.xrpc(scan.image, { body: new Uint8Array(known), encoding: 'image/png' })
      const value = body.hashes[0]?.value ?? ''
      const near = flip(value, 20)
      expect((await ask({ value: near })).body.matches).toMatchObject([{ distance: 20, hashValue: value }])
      expect((await ask({ value: near, maxDistance: 19 })).body.matches).toEqual([])
      expect((await ask({ value: near, maxDistance: 20 })).body.matches).toHaveLength(1)
      expect((await ask({ value: near, banks: ['texts'] })).body.matches).toEqual([])
    })

    it('finds a digest by equality', async () => {
      const value = hash('sha256', known).toUpperCase()
      const { body } = await ask({ type: 'sha256', value, maxDistance: 20 })
      expect(body.matches).toMatchObject([{ bank: 'known', hashType: 'sha256', distance: 0 }])
    })

    it('refuses what it does not take', async () => {
      await refused(match.hash, ask({ value: 'abc' }), 'InvalidHash')
      await refused(match.hash, ask({ value: pdq, type: 'md5' }), 'InvalidHash')
      await refused(match.hash, ask({ value: pdq, banks: [missing] }), 'BankNotFound')
      await refused(match.hash, ask({ value: pdq, maxDistance: 49 }), 'DistanceTooFar')
    })
  })

  describe('match.getStatus', () => {
    const record = `at://${didOf('a')}/app.bsky.feed.post/3l6oveex3ii2l` as const

    it('knows what was labeled, and what was withdrawn', async () => {
      await using tools = await openServiceTools(service.folder)
      await tools.publish({ uri: parseAtUri(record) as AtUri, val: 'known-image' })
      const labeled = await client.xrpc(match.getStatus, { params: { uri: record } })
      expect(labeled.body).toMatchObject({
        uri: record,
        isMatched: true,
        labels: ['known-image'],
        action: 'label',
      })
    })

    it('knows a blob by the banks, with its account or without', async () => {
      const cid = cidOf(known)
      const alone = await client.xrpc(match.getStatus, { params: { cid } })
      const placed = await client.xrpc(match.getStatus, { params: { cid, did: didOf('a') } })
      expect([alone.body.isMatched, placed.body.isMatched]).toEqual([true, true])
      const unknown = await client.xrpc(match.getStatus, { params: { cid: cidOf(randomBytes(9)) } })
      expect(unknown.body).toMatchObject({ isKnown: false, isMatched: false, labels: [] })
    })

    it('answers many in order', async () => {
      const cids = [cidOf(randomBytes(9)), cidOf(known)]
      const uris = [didOf('b'), record] as const
      const { body } = await client.xrpc(match.getStatuses, { params: { uris: [...uris], cids } })
      expect(body.statuses.map(({ uri, cid }) => uri ?? cid)).toEqual([...uris, ...cids])
      expect(body.statuses.map(({ isMatched }) => isMatched)).toEqual([false, true, false, true])
      const full = await client.xrpc(match.getStatuses, { params: { cids: Array(100).fill(cids[1]) } })
      expect(full.body.statuses).toHaveLength(100)
    })

    it('refuses what it cannot answer', async () => {
      const one = (params: harrier.match.getStatus.$Params) => client.xrpc(match.getStatus, { params })
      const notBlob = 'bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454'
      await refused(match.getStatus, one({}), 'InvalidSubject')
      await refused(match.getStatus, one({ uri: didOf('a'), cid: cidOf(known) }), 'InvalidSubject')
      await refused(match.getStatus, one({ uri: 'at://alice.test/app.bsky.feed.post/1' }), 'InvalidSubject')
      await refused(match.getStatus, one({ cid: notBlob }), 'InvalidCid')
      const many = (params: harrier.match.getStatuses.$Params) => client.xrpc(match.getStatuses, { params })
      await refused(match.getStatuses, many({}), 'NoSubjects')
      const hundred = Array(100).fill(cidOf(known)) as string[]
      await refused(match.getStatuses, many({ cids: hundred, uris: [didOf('a')] }), 'NoSubjects')
      await refused(match.getStatuses, many({ uris: ['https://example.com/'] }), 'InvalidSubject')
      await refused(match.getStatuses, many({ cids: [notBlob] }), 'InvalidCid')
    })
  })

  describe('bank', () => {
    it('is made, listed, changed and removed, and matching follows', async () => {
      const made = await client.xrpc(bank.createBank, {
        body: { name: 'mine', enabledRatio: '0.5', threshold: 12 },
      })
      expect(made.body).toMatchObject({
        name: 'mine',
        threshold: 12,
        minQuality: 50,
        profile: 'reference-512',
        enabledRatio: '0.5',
      })
      const listed = await client.xrpc(bank.listBanks)
      expect(listed.body.banks.map(({ name }) => name)).toEqual(['known', 'mine', 'texts'])
      const one = await client.xrpc(bank.getBank, { params: { bank: 'mine' } })
      expect(one.body).toEqual(made.body)
      const body = { bank: 'mine', name: 'ours', enabledRatio: '0.0000001' }
      const changed = await client.xrpc(bank.updateBank, { body })
      expect(changed.body).toMatchObject({ name: 'ours', enabledRatio: '0.0000001', threshold: 12 })
      await client.xrpc(bank.deleteBank, { body: { bank: 'ours' } })
      expect((await client.xrpc(bank.listBanks)).body.banks).toHaveLength(2)
    })

    it('names how near a match is, and has a negative bank suppress it', async () => {
      const find = async () => (await client.xrpc(match.hash, { body: { value: pdq } })).body.matches
      const tiers = [
        { name: 'exact', distance: 0 },
        { name: 'near', distance: 16 },
      ]
      await client.xrpc(bank.createBank, { body: { name: 'tiered', tiers } })
      const hashes = [{ type: 'pdq' as const, value: pdq }]
      await client.xrpc(bank.addContent, { body: { bank: 'tiered', hashes } })
      expect(await find()).toMatchObject([{ bank: 'tiered', distance: 0, tier: 'exact' }])
      const change = { bank: 'tiered', tiers: [{ name: 'same', distance: 0 }], threshold: 20 }
      const { body: changed } = await client.xrpc(bank.updateBank, { body: change })
      expect(changed).toMatchObject({ threshold: 20, tiers: change.tiers })
      expect(await find()).toMatchObject([{ tier: 'same' }])
      const negative = { name: 'harmless', suppresses: ['tiered'] }
      const { body: made } = await client.xrpc(bank.createBank, { body: negative })
      expect(made).toMatchObject(negative)
      await client.xrpc(bank.addContent, { body: { bank: 'harmless', hashes } })
      expect(await find()).toEqual([])
      const all = await client.xrpc(bank.updateBank, { body: { bank: 'harmless', suppressesAll: true } })
      expect(all.body).toMatchObject({ suppressesAll: true })
      for (const name of ['tiered', 'harmless']) await client.xrpc(bank.deleteBank, { body: { bank: name } })
    })

    it('takes contents, which match until they are switched off', async () => {
      const find = async () => (await client.xrpc(match.hash, { body: { value: pdq } })).body.matches
      await client.xrpc(bank.createBank, { body: { name: 'pictures' } })
      const md5 = hash('md5', 'some bytes')
      const { body: added } = await client.xrpc(bank.addContent, {
        body: {
          bank: 'pictures',
          hashes: [
            { type: 'pdq', value: pdq.toUpperCase(), quality: 90 },
            { type: 'md5', value: md5 },
          ],
          note: 'a note',
          sourceId: 'x-1',
          contentUri: 'https://example.com/1',
          metadata: '{"score":0.5}',
        },
      })
      const { id } = added.content
      expect(added).toMatchObject({
        isNew: true,
        content: {
          bank: 'pictures',
          hashes: [
            { type: 'pdq', value: pdq, quality: 90 },
            { type: 'md5', value: md5 },
          ],
          isEnabled: true,
          note: 'a note',
          sourceId: 'x-1',
          contentUri: 'https://example.com/1',
          metadata: '{"score":0.5}',
        },
      })
      expect(await find()).toMatchObject([{ bank: 'pictures', contentId: id, sourceId: 'x-1' }])
      const again = { bank: 'pictures', hashes: [{ type: 'md5' as const, value: md5 }] }
      expect((await client.xrpc(bank.addContent, { body: again })).body).toMatchObject({
        isNew: false,
        content: { id },
      })

      const update = (change: object) =>
        client.xrpc(bank.updateContent, { body: { bank: 'pictures', id, ...change } })
      const disabledUntil = new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+/, '.000')
      expect((await update({ isEnabled: false, disabledUntil })).body).toMatchObject({
        isEnabled: false,
        disabledUntil,
      })
      expect(await find()).toEqual([])
      const off = await update({ isEnabled: false, note: '' })
      expect([off.body.isEnabled, off.body.disabledUntil, off.body.note]).toEqual([
        false,
        undefined,
        undefined,
      ])
      expect((await update({ isEnabled: true })).body.isEnabled).toBe(true)
      expect(await find()).toHaveLength(1)

      await client.xrpc(bank.deleteContent, { body: { bank: 'pictures', id } })
      expect(await find()).toEqual([])
    })

    it('lists contents page by page, and those that are looked for', async () => {
      const values = Array.from({ length: 5 }, (_, i) => hash('sha256', `content ${i}`))
      for (const [i, value] of values.entries()) {
        const hashes = [{ type: 'sha256' as const, value }]
        await client.xrpc(bank.addContent, { body: { bank: 'pictures', hashes, note: `number ${i}` } })
      }
      const list = (more: object) =>
        client.xrpc(bank.listContents, { params: { bank: 'pictures', limit: 2, ...more } })
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const { body } = await list(cursor === undefined ? {} : { cursor })
        seen.push(...body.contents.flatMap(({ hashes }) => hashes.map(({ value }) => value)))
        ;({ cursor } = body)
      } while (cursor !== undefined)
      expect(seen).toEqual(values)
      const { body } = await list({ text: 'number 3', limit: 50 })
      expect(body.contents.map(({ note }) => note)).toEqual(['number 3'])
      const { id } = body.contents[0] as harrier.defs.Content
      const { body: got } = await client.xrpc(bank.getContent, { params: { bank: 'pictures', id } })
      expect(got).toEqual(body.contents[0])
      await client.xrpc(bank.updateContent, { body: { bank: 'pictures', id, isEnabled: false } })
      const disabled = await list({ isEnabled: false, limit: 50 })
      expect(disabled.body.contents.map((content) => content.id)).toEqual([id])
    })

    it('leaves an audit row of every change, by who made it', async () => {
      await using tools = await openServiceTools(service.folder)
      const key = await service.makeKey(['admin'])
      const own = openClient(service.url, key)
      await own.xrpc(bank.createBank, { body: { name: 'audited' } })
      const keys = await tools.apiKeys.list()
      const rows = await openAgent(service.url, await service.makeKey(['read'])).fetchHandler(
        '/api/v1/logs?limit=5',
        {},
      )
      const text = await rows.text()
      expect(text).toContain('bank.created')
      expect(text).toContain(`api-key:${keys.findLast(({ scopes }) => scopes.join() === 'admin')?.id}`)
    })

    it('refuses what cannot be', async () => {
      const { createBank, updateBank, getBank, deleteBank } = bank
      await refused(getBank, client.xrpc(getBank, { params: { bank: missing } }), 'BankNotFound')
      const create = (body: harrier.bank.createBank.$InputBody) => client.xrpc(createBank, { body })
      await refused(createBank, create({ name: 'known' }), 'BankExists')
      await refused(createBank, create({ name: '.hidden' }), 'InvalidBank')
      await refused(createBank, create({ name: 'x', enabledRatio: '1.5' }), 'InvalidBank')
      await refused(createBank, create({ name: 'x', suppresses: ['nobody'] }), 'InvalidBank')
      await refused(createBank, create({ name: 'x', suppresses: [], suppressesAll: true }), 'InvalidBank')
      await refused(createBank, create({ name: 'x', tiers: [{ name: 'far', distance: 32 }] }), 'InvalidBank')
      const update = (body: harrier.bank.updateBank.$InputBody) => client.xrpc(updateBank, { body })
      await refused(updateBank, update({ bank: missing, name: 'y' }), 'BankNotFound')
      await refused(updateBank, update({ bank: 'texts', name: 'known' }), 'BankExists')
      await refused(updateBank, update({ bank: 'texts', enabledRatio: 'half' }), 'InvalidBank')
      await refused(updateBank, update({ bank: 'texts' }), 'InvalidChange')
      await refused(deleteBank, client.xrpc(deleteBank, { body: { bank: missing } }), 'BankNotFound')
    })

    it('refuses contents that cannot be', async () => {
      const { listContents, getContent, addContent, updateContent, deleteContent } = bank
      const gone = { bank: missing, id: 1 }
      const none = { bank: 'texts', id: 999_999 }
      const hashes = [{ type: 'md5' as const, value: hash('md5', 'x') }]
      await refused(listContents, client.xrpc(listContents, { params: { bank: missing } }), 'BankNotFound')
      await refused(getContent, client.xrpc(getContent, { params: gone }), 'BankNotFound')
      await refused(getContent, client.xrpc(getContent, { params: none }), 'ContentNotFound')
      const add = (body: harrier.bank.addContent.$InputBody) => client.xrpc(addContent, { body })
      await refused(addContent, add({ bank: missing, hashes }), 'BankNotFound')
      await refused(
        addContent,
        add({ bank: 'texts', hashes: [{ type: 'pdq', value: 'abc' }] }),
        'InvalidHash',
      )
      await refused(addContent, add({ bank: 'texts', hashes: [...hashes, ...hashes] }), 'InvalidContent')
      await refused(addContent, add({ bank: 'texts', hashes, metadata: '[]' }), 'InvalidContent')
      await refused(addContent, add({ bank: 'texts', hashes, note: 'x'.repeat(501) }), 'InvalidContent')
      await refused(addContent, add({ bank: 'texts', hashes: [] }), 'InvalidRequest')
      const update = (body: harrier.bank.updateContent.$InputBody) => client.xrpc(updateContent, { body })
      await refused(updateContent, update({ ...gone, isEnabled: true }), 'BankNotFound')
      await refused(updateContent, update({ ...none, isEnabled: true }), 'ContentNotFound')
      await refused(updateContent, update(none), 'InvalidChange')
      const disabledUntil = '2020-01-01T00:00:00Z'
      await refused(updateContent, update({ ...none, isEnabled: false, disabledUntil }), 'InvalidChange')
      await refused(updateContent, update({ ...none, isEnabled: true, disabledUntil }), 'InvalidChange')
      await refused(deleteContent, client.xrpc(deleteContent, { body: gone }), 'BankNotFound')
      await refused(deleteContent, client.xrpc(deleteContent, { body: none }), 'ContentNotFound')
    })
  })

  describe('callers', () => {
    const methods = [...documentedErrors().keys()].toSorted()

    it('are refused without a credential, with one that is not good, and without the scope', async () => {
      const act = await service.makeKey(['act'])
      expect(methods).toHaveLength(15)
      for (const nsid of methods) {
        const isQuery = /get|list/.test(nsid.split('.').at(-1) ?? '')
        const params = /getBank|listContents/.test(nsid)
          ? '?bank=x'
          : nsid.endsWith('getContent')
            ? '?bank=x&id=1'
            : ''
        const send = async (credential: string | undefined) => {
          const headers = { 'content-type': 'application/json' }
          const init = isQuery ? {} : { method: 'POST', headers, body: '{"this is not read' }
          const answer = await openAgent(service.url, credential).fetchHandler(`/xrpc/${nsid}${params}`, init)
          return [answer.status, ((await answer.json()) as { error: string }).error]
        }
        expect(await send(undefined), nsid).toEqual([401, 'AuthenticationRequired'])
        expect(await send(`harrier_${'A'.repeat(43)}`), nsid).toEqual([401, 'AuthenticationRequired'])
        expect(await send('a.b.c'), nsid).toEqual([401, 'BadJwt'])
        expect(await send(act), nsid).toEqual([403, 'MissingScope'])
        provoked.add(`${nsid} MissingScope`)
      }
    })

    it('are told where they stand, and stopped at their rate', async () => {
      const key = await service.makeKey(['match'], 1)
      const slow = openClient(service.url, key)
      const answer = await openAgent(service.url, key).fetchHandler(
        `/xrpc/${match.getStatus.$nsid}?uri=${didOf('a')}`,
        {},
      )
      expect(answer.headers.get('ratelimit-remaining')).toBe('0')
      const refusal = await refusalOf(slow.xrpc(match.getStatus, { params: { uri: didOf('a') } }))
      expect([refusal.status, refusal.error]).toEqual([429, 'RateLimitExceeded'])
    })

    it('find no word of what they sent in the log', () => {
      const log = service.lines.join('\n')
      expect(log).toContain('/xrpc/tools.harrier.bank.addContent')
      expect(log).not.toMatch(/a note|x-1|number 3|harrier_[A-Za-z0-9_-]{43}/)
      expect(log).not.toContain(pdq)
    })

    it('have had every error that the lexicons list', () => {
      const listed = [...documentedErrors()].flatMap(([method, names]) =>
        names.map((name) => `${method} ${name}`),
      )
      expect(listed.length).toBeGreaterThan(50)
      expect(listed.filter((one) => !provoked.has(one))).toEqual([])
    })
  })
})

/** Starts a directory of accounts and their host in one. */
function openHosts(blobs: ReadonlyMap<string, Uint8Array>): Promise<LoopbackServer> {
  return openLoopbackServer((request, response) => {
    const url = new URL(request.url ?? '', `http://${request.headers.host}`)
    const json = (status: number, value: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    }
    const did = url.searchParams.get('did') ?? decodeURIComponent(url.pathname.slice(1))
    const fate = (fates as Readonly<Record<string, string>>)[did.at(-1) ?? '']
    if (!url.pathname.startsWith('/xrpc/')) {
      if (fate === undefined) return json(404, { message: 'not registered' })
      const serviceEndpoint = fate === 'private' ? 'http://10.0.0.1' : url.origin
      const service = [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint }]
      return json(200, { id: did, alsoKnownAs: [], verificationMethod: [], service })
    }
    if (fate === 'other bytes') return void response.end('other bytes')
    if (fate === 'inactive') return json(400, { error: 'RepoDeactivated', message: '' })
    if (fate === 'fault') return json(418, {})
    const bytes = fate === 'served' ? blobs.get(url.searchParams.get('cid') ?? '') : undefined
    return bytes ? void response.end(bytes) : json(400, { error: 'BlobNotFound', message: '' })
  })
}

function cidOf(bytes: Uint8Array): string {
  return blobCidOfSha256(hash('sha256', bytes))
}

/** Returns the hash with the first so many bits the other way round. */
function flip(hex: string, bits: number): string {
  const mask = ((1n << BigInt(bits)) - 1n) << BigInt(256 - bits)
  return (BigInt(`0x${hex}`) ^ mask).toString(16).padStart(64, '0')
}
