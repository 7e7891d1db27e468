import { describe, expect, it } from 'vitest'
import type { AtUri, Did } from '../src/model/ids.ts'
import type { OutboxEnd } from '../src/model/outbox.ts'
import { actingSrc, openActing, policyOf } from './support/acting.ts'
import { otherCid, someCid, someDid, someUri } from './support/builders.ts'

const label = { kind: 'label', val: 'known-image' } as const
const onAccount = { ...label, on: 'account' } as const
const takedown = { kind: 'takedown', by: 'pds', of: 'record' } as const
const takedownOfBlob = { kind: 'takedown', by: 'pds', of: 'blob' } as const
const report = { kind: 'report', to: 'pds', reasonType: 'com.atproto.moderation.defs#reasonSpam' } as const
const otherUri = `${someUri}x` as AtUri
const farDid = 'did:plc:z72i7hdynmk6r22z27h6tvur' as Did
const done: OutboxEnd = { state: 'done', kind: 'done', words: 'confirmed' }
const restoredBy = { subject: someUri } as const
const judged = { bankId: 1, bank: 'known' }

describe('pauses', () => {
  it('hold what others would see, not reviews, and let it go once, in order, when they end', async () => {
    await using it = await openActing({ policy: policyOf(label, takedown, { kind: 'review' }) })
    const match = await it.content()
    expect(await it.orders.pause('a wave of false matches')).toBe(true)
    expect(await it.orders.pause('again')).toBe(false)
    await it.act([match])
    await it.act([match], { uri: otherUri })
    await it.followUp()
    expect(await it.states()).toEqual([
      `label ${someUri} held paused`,
      `takedown ${someUri} held paused`,
      `review ${someUri} done`,
      `label ${otherUri} held paused`,
      `takedown ${otherUri} held paused`,
      `review ${otherUri} done`,
    ])
    expect([await it.queue(), await it.messages()]).toEqual([[], []])
    expect(await it.orders.resume()).toMatchObject({ reason: 'a wave of false matches', endedBy: 'cli' })
    expect(await it.orders.resume()).toBeUndefined()
    await it.followUp()
    await it.followUp()
    expect(await it.queue()).toEqual([`known-image ${someUri}`, `known-image ${otherUri}`])
    expect(
      (await it.messages()).map(({ event, payload }) => [event, JSON.parse(payload).subject.uri]),
    ).toEqual([
      ['takedown', someUri],
      ['takedown', otherUri],
    ])
  })

  it('hold what a person orders, which no quota counts when they end', async () => {
    await using it = await openActing({ settings: { HARRIER_DAILY_TAKEDOWNS: '1' } })
    await it.orders.pause('')
    for (const did of [someDid, farDid])
      await it.orders.give({ kind: 'takedown', target: 'pds', subject: { kind: 'account', did } })
    expect(await it.messages()).toEqual([])
    await it.orders.resume()
    await it.followUp()
    expect(await it.messages()).toHaveLength(2)
    expect(await it.db.brakes.spent('2026-01-01')).toEqual(new Map())
  })
})

describe('quotas', () => {
  it('turn what is beyond them into a review, and begin anew with the day', async () => {
    await using it = await openActing({ settings: { HARRIER_DAILY_LABELS: '1' } })
    const match = await it.content()
    await it.act([match])
    await it.act([match], { uri: otherUri })
    expect(await it.states()).toEqual([`label ${someUri} done`, `label ${otherUri} held quota`])
    expect(await it.db.reviews.list({ states: ['open'], limit: 10 })).toMatchObject([
      { subject: otherUri, matchCount: 1 },
    ])
    it.now('2026-01-02T00:00:00.000Z')
    await it.act([match], { uri: `${someUri}y` as AtUri })
    await it.followUp()
    expect(await it.queue()).toEqual([`known-image ${someUri}`, `known-image ${someUri}y`])
  })

  it('are asked again for what a pause held, and what is beyond them gets its review then', async () => {
    await using it = await openActing({ settings: { HARRIER_DAILY_LABELS: '1' } })
    const match = await it.content()
    await it.orders.pause('')
    await it.act([match])
    await it.act([match], { uri: otherUri })
    await it.orders.resume()
    await it.followUp()
    expect(await it.states()).toEqual([`label ${someUri} done`, `label ${otherUri} held quota`])
    expect(await it.db.reviews.list({ states: ['open'], limit: 10 })).toMatchObject([{ subject: otherUri }])
  })
})

describe('floods', () => {
  const settings = { HARRIER_FLOOD_MATCHES: '1' }
  const uriOf = (n: number) => `${someUri}${n}` as AtUri

  it('put a content in quarantine: it calls for nothing, not for a review either, and others go on', async () => {
    await using it = await openActing({ settings, policy: policyOf(label, { kind: 'review' }) })
    const [flooding, other] = [await it.content(), await it.content()]
    await it.act([flooding], { uri: uriOf(1) })
    await it.act([flooding], { uri: uriOf(2) })
    await it.act([flooding, other], { uri: uriOf(3) })
    expect(await it.states()).toEqual([
      `label ${uriOf(1)} done`,
      `review ${uriOf(1)} done`,
      `label ${uriOf(2)} held flood`,
      `review ${uriOf(2)} held flood`,
      `label ${uriOf(3)} done`,
      `review ${uriOf(3)} done`,
    ])
    const subject = `content:${flooding.contentId}`
    const [review] = (await it.db.reviews.list({ states: ['open'], limit: 10 })).filter(
      (found) => found.subject === subject,
    )
    expect(review).toMatchObject({ subject, matchCount: 2 })
    expect(await it.db.reviews.list({ states: ['open'], limit: 10 })).toHaveLength(3)
    await it.orders.release(flooding.contentId)
    await it.followUp()
    await it.followUp()
    expect(await it.queue()).toEqual([1, 3, 2].map((n) => `known-image ${uriOf(n)}`))
  })

  it('drop what they held of a content that a person deconfirms, however much it is, and release none of it', async () => {
    await using it = await openActing({ settings })
    const flooding = await it.content()
    for (let n = 1; n <= 230; n++) await it.act([flooding], { uri: uriOf(n) })
    expect(await it.db.effects.counts()).toMatchObject({ done: 1, held: 229 })
    await it.orders.deconfirm({ ...judged, contentId: flooding.contentId }, 'a blank page')
    await it.followUp()
    expect(await it.db.effects.counts()).toMatchObject({ done: 0, held: 0, undone: 1, dropped: 229 })
    // The one label was never published: what waited is cancelled, and nobody has to hear of it.
    expect(await it.queue()).toEqual([])
    expect(await it.db.brakes.quarantines(false, 10)).toEqual([])
  })

  it('are not told of a content that a person has confirmed', async () => {
    await using it = await openActing({ settings })
    const flooding = await it.content()
    await it.orders.confirm({ ...judged, contentId: flooding.contentId }, '')
    for (let n = 1; n <= 5; n++) await it.act([{ ...flooding, opinion: 'confirmed' }], { uri: uriOf(n) })
    expect(await it.db.effects.counts()).toMatchObject({ done: 5, held: 0 })
  })

  it('keep to one review, also when a person has closed that and not decided', async () => {
    await using it = await openActing({ settings })
    const flooding = await it.content()
    for (let n = 1; n <= 2; n++) await it.act([flooding], { uri: uriOf(n) })
    const [quarantine] = await it.db.brakes.quarantines(false, 10)
    await it.act([flooding], { uri: uriOf(3) })
    expect(await it.db.brakes.quarantines(false, 10)).toEqual([quarantine])
    expect(await it.db.evidence.list(quarantine?.reviewId ?? 0)).toHaveLength(2)
  })
})

describe('a decision', () => {
  it('does not repeat what waits in the queue of labels, nor a takedown that stands', async () => {
    await using it = await openActing({ policy: policyOf(label, takedown) })
    const match = await it.content()
    await it.act([match])
    await it.act([match], { cid: otherCid })
    expect(await it.states()).toEqual([`label ${someUri} done`, `takedown ${someUri} pending`])
  })

  it('does not repeat what a person restored, but labels a new version', async () => {
    await using it = await openActing({ policy: policyOf(label, takedown) })
    const match = await it.content()
    await it.act([match])
    await it.restoring.restore(restoredBy)
    await it.act([match])
    expect(await it.states()).toEqual([
      `label ${someUri} undone restored`,
      `takedown ${someUri} dropped restored`,
    ])
    await it.act([match], { recordCid: someCid })
    expect((await it.states()).slice(2)).toEqual([`label ${someUri} done`, `takedown ${someUri} pending`])
  })

  it('takes a blob down wherever it is seen later that a person has taken down everywhere', async () => {
    await using it = await openActing()
    const subject = { kind: 'blob', did: farDid, cid: someCid } as const
    await it.orders.give({ kind: 'takedown', target: 'pds', subject, isEverywhere: true })
    await it.act([])
    await it.act([], { uri: otherUri })
    expect(await it.states()).toEqual([
      `takedown ${farDid}/${someCid} pending`,
      `takedown ${someDid}/${someCid} pending`,
    ])
    await it.restoring.restore({ subject: farDid, blob: someCid, isEverywhere: true })
    await it.act([], { uri: `${someUri}z` as AtUri })
    expect(await it.db.effects.counts()).toMatchObject({ dropped: 2, pending: 0 })
  })
})

describe('undoing', () => {
  it('lifts of a record only the blobs that no other takedown holds, and those with the last one', async () => {
    await using it = await openActing({ policy: policyOf(takedown) })
    const match = await it.content()
    await it.act([match])
    await it.act([match], { uri: otherUri })
    for (const message of await it.messages()) await it.end(message, done)
    const lifted = async () =>
      (await it.messages()).map(({ event, payload }) => [event, JSON.parse(payload).subject.blobs])
    await it.restoring.restore(restoredBy)
    expect(await lifted()).toEqual([['restore', []]])
    await it.restoring.restore({ subject: otherUri })
    expect(await lifted()).toEqual([
      ['restore', []],
      ['restore', [someCid]],
    ])
    for (const message of await it.messages()) await it.end(message, done)
    expect(await it.states()).toEqual([
      `takedown ${someUri} undone restored`,
      `takedown ${otherUri} undone restored`,
    ])
    expect(it.events.filter(({ type }) => type === 'review_decided')).toHaveLength(2)
  })

  it('is done at once for a blob that a record’s takedown holds, and takes no account of held or failed ones', async () => {
    await using it = await openActing({ policy: policyOf(takedown, takedownOfBlob) })
    const match = await it.content()
    await it.act([match])
    for (const message of await it.messages()) await it.end(message, done)
    await it.restoring.restore({ subject: someDid, blob: someCid })
    // The record was taken down because of that blob: it goes with it.
    expect((await it.messages()).map(({ event }) => event)).toEqual(['restore', 'restore'])
    expect(await it.db.effects.counts()).toMatchObject({ undoing: 2 })
  })

  it('drops a takedown and a report that nobody has tried yet, and asks for no restore', async () => {
    await using it = await openActing({ policy: policyOf(takedown, report) })
    await it.act([await it.content()])
    await it.restoring.restore(restoredBy)
    expect(await it.messages()).toEqual([])
    expect(await it.states()).toEqual([
      `takedown ${someUri} dropped restored`,
      `report ${someUri} dropped restored`,
    ])
  })

  it('says of a report that was sent that it stays', async () => {
    await using it = await openActing({ policy: policyOf(report) })
    await it.act([await it.content()])
    for (const message of await it.messages()) await it.end(message, done)
    await it.restoring.restore(restoredBy)
    expect((await it.effects())[0]).toMatchObject({
      state: 'undone',
      outcome: 'a report that was sent is not taken back',
    })
  })

  it('lifts a takedown that failed at its target, and drops one that had no target', async () => {
    const failed: OutboxEnd = { state: 'dead', kind: 'unknown', words: 'cut off' }
    const none = { ...takedown, by: 'nowhere' }
    await using it = await openActing({ policy: policyOf(takedown, none) })
    await it.act([await it.content()])
    const [message] = await it.messages()
    if (message)
      await it.db.outbox.claim({
        kind: 'pds',
        target: 'pds',
        now: Date.parse('2027-01-01'),
        limit: 1,
        busy: [],
      })
    if (message) await it.end(message, failed)
    expect(await it.states()).toEqual([`takedown ${someUri} failed`, `takedown ${someUri} failed`])
    await it.restoring.restore(restoredBy)
    expect(await it.states()).toEqual([
      `takedown ${someUri} undoing restored`,
      `takedown ${someUri} dropped restored`,
    ])
    expect((await it.messages()).map(({ event }) => event)).toEqual(['restore'])
  })

  it('leaves a label that another version has as an effect, and withdraws it with the last', async () => {
    await using it = await openActing()
    const match = await it.content()
    await it.act([match])
    await it.act([match], { recordCid: someCid })
    await it.restoring.restore(restoredBy)
    expect(await it.states()).toEqual([
      `label ${someUri} undone restored`,
      `label ${someUri} undone restored`,
    ])
    expect(await it.queue()).toEqual([])
  })

  it('does not take a held label of another version for one that stands', async () => {
    await using it = await openActing({ settings: { HARRIER_DAILY_LABELS: '1' } })
    const match = await it.content()
    await it.act([match])
    await it.act([match], { recordCid: someCid })
    expect(await it.states()).toEqual([`label ${someUri} done`, `label ${someUri} held quota`])
    await it.orders.takeBack({ subject: someUri, contentId: match.contentId }, 'restored')
    expect(await it.queue()).toEqual([])
  })

  it('withdraws a label that was given by hand with the whole subject, and not with one content', async () => {
    await using it = await openActing({ policy: policyOf({ kind: 'log' }) })
    await it.db.transaction(async ({ labels }) => {
      await labels.append([
        {
          ver: 1,
          src: actingSrc,
          uri: someUri,
          val: 'near-image',
          cts: '2026-01-01T00:00:00.000Z',
          sig: new Uint8Array(64),
          bytes: new Uint8Array(1),
          signedBy: 'did:key:z',
        },
      ])
    })
    expect(await it.restoring.restore({ subject: someUri, contentId: 1 })).toMatchObject({ values: [] })
    expect(await it.restoring.restore(restoredBy)).toEqual({ effects: [], values: ['near-image'] })
    expect(await it.queue()).toEqual([`!near-image ${someUri}`])
  })

  it('keeps a message of what was undone from being sent again', async () => {
    await using it = await openActing({ policy: policyOf(takedown) })
    await it.act([await it.content()])
    const [message] = await it.messages()
    if (!message) throw new Error('Expected a message')
    await it.end(message, done)
    await it.restoring.restore(restoredBy)
    await expect(it.db.transaction((stores) => it.settle.revive(stores, message))).rejects.toThrow(
      'it was taken back',
    )
  })
})

describe('reversing', () => {
  it('undoes what only the lost content calls for; another of the image becomes the cause of the rest', async () => {
    await using it = await openActing()
    const [first, second] = [await it.content(), await it.content()]
    await it.act([first, second])
    await it.act([first], { uri: otherUri })
    await it.orders.deconfirm({ ...judged, contentId: first.contentId }, '')
    await it.followUp()
    expect(await it.states()).toEqual([`label ${someUri} done`, `label ${otherUri} undone deconfirmed`])
    expect((await it.effects())[0]?.cause).toMatchObject({ contentId: second.contentId })
  })

  it('lets another image of the same record stand for it', async () => {
    await using it = await openActing()
    const [first, second] = [await it.content(), await it.content()]
    await it.act([first])
    await it.act([second], { cid: otherCid })
    await it.orders.deconfirm({ ...judged, contentId: first.contentId }, '')
    await it.followUp()
    expect((await it.effects())[0]).toMatchObject({
      state: 'done',
      cause: { contentId: second.contentId },
      blobCid: otherCid,
    })
  })

  it('leaves the account’s label as long as another record calls for it, by content and by record', async () => {
    await using it = await openActing({ policy: policyOf(onAccount) })
    const [first, second] = [await it.content(), await it.content()]
    await it.act([first])
    await it.act([second], { uri: otherUri })
    await it.restoring.restore(restoredBy)
    expect((await it.effects())[0]).toMatchObject({ state: 'done', subject: someDid, uri: otherUri })
    await it.orders.deconfirm({ ...judged, contentId: first.contentId }, '')
    await it.followUp()
    expect(await it.states()).toEqual([`label ${someDid} done`])
    await it.orders.deconfirm({ ...judged, contentId: second.contentId }, '')
    await it.followUp()
    expect(await it.states()).toEqual([`label ${someDid} undone deconfirmed`])
  })

  it('counts neither what a person judged to be none nor a content that is not believed', async () => {
    await using it = await openActing()
    const [first, second, third] = [await it.content(), await it.content(), await it.content()]
    await it.act([first, second, third])
    await it.orders.takeBack({ subject: someUri, contentId: second.contentId }, 'not-a-match')
    await it.db.transaction(({ verdicts }) => verdicts.saveExchange(third.contentId, 'negative'))
    await it.orders.deconfirm({ ...judged, contentId: first.contentId }, '')
    await it.followUp()
    expect(await it.states()).toEqual([`label ${someUri} undone deconfirmed`])
  })

  it('goes through more effects than fit into one piece, though some of them stand', async () => {
    await using it = await openActing({ settings: { HARRIER_FLOOD_MATCHES: '1000000' } })
    const [first, second] = [await it.content(), await it.content('other')]
    for (let n = 0; n < 220; n++)
      await it.act(n % 2 === 0 ? [first, second] : [first], { uri: `${someUri}${n}` as AtUri })
    await it.orders.deconfirm({ ...judged, contentId: first.contentId }, '')
    await it.followUp()
    expect(await it.db.effects.counts()).toMatchObject({ done: 110, undone: 110 })
    expect(await it.db.reversals.count()).toBe(0)
  })

  it('undoes what a job did that ended after its content was judged, or was gone', async () => {
    await using it = await openActing()
    const [first, second] = [await it.content(), await it.content()]
    await it.orders.deconfirm({ ...judged, contentId: first.contentId }, '')
    await it.db.transaction(({ removals }) => removals.deleteContents([second.contentId]))
    await it.followUp()
    await it.act([first])
    await it.act([second], { uri: otherUri })
    await it.followUp()
    expect(await it.states()).toEqual([
      `label ${someUri} undone deconfirmed`,
      `label ${otherUri} undone hash-withdrawn`,
    ])
  })

  it('undoes in pieces what goes back to a bank, but for what another bank calls for', async () => {
    await using it = await openActing({ settings: { HARRIER_FLOOD_MATCHES: '1000000' } })
    const [first, second] = [await it.content(), await it.content('other')]
    for (let n = 0; n < 130; n++)
      await it.act(n === 3 ? [first, second] : [first], { uri: `${someUri}${n}` as AtUri })
    const bank = { id: first.bankId, isRemoved: false }
    const one = await it.restoring.restoreOfBank(bank, 0)
    expect([one.undone.length, one.isDone]).toEqual([99, false])
    const two = await it.restoring.restoreOfBank(bank, one.lastId)
    expect([two.undone.length, two.isDone]).toEqual([30, true])
    expect(await it.states()).toContain(`label ${someUri}3 done`)
    expect(await it.db.effects.countOfBank(first.bankId)).toBe(0)
  })

  it('restores one image of a record alone, and leaves the rest', async () => {
    await using it = await openActing({ policy: policyOf(label, takedownOfBlob) })
    const [first, second] = [await it.content(), await it.content()]
    await it.act([first])
    await it.act([second], { cid: otherCid })
    await it.restoring.restore({ subject: someUri, blob: someCid })
    expect(await it.states()).toEqual([
      `label ${someUri} done`,
      `takedown ${someDid}/${someCid} dropped restored`,
      `takedown ${someDid}/${otherCid} pending`,
    ])
  })
})

describe('what targets answer', () => {
  it.each([
    ['done', 'done', 'done'],
    ['already', 'done', 'done'],
    ['failed', 'dead', 'failed'],
    ['unknown', 'dead', 'failed'],
    ['refused', 'dead', 'failed'],
    ['not-theirs', 'dropped', 'dropped'],
    ['dropped', 'dropped', 'dropped'],
  ] as const)('%s makes the takedown %s', async (kind, state, expected) => {
    await using it = await openActing({ policy: policyOf(takedown) })
    await it.act([await it.content()])
    for (const message of await it.messages()) await it.end(message, { state, kind, words: 'so' })
    expect((await it.effects())[0]).toMatchObject({ state: expected, outcome: 'so' })
    expect(it.events.filter(({ type }) => type === 'action_taken')).toHaveLength(expected === 'done' ? 1 : 0)
  })

  it('leaves a restore that failed as one that is being lifted, until it is sent again', async () => {
    await using it = await openActing({ policy: policyOf(takedown) })
    await it.act([await it.content()])
    for (const message of await it.messages()) await it.end(message, done)
    await it.restoring.restore(restoredBy)
    const [restore] = await it.messages()
    if (!restore) throw new Error('Expected a restore')
    await it.end(restore, { state: 'dead', kind: 'failed', words: 'away' })
    expect(await it.states()).toEqual([`takedown ${someUri} undoing restored`])
    await it.db.transaction((stores) => it.settle.revive(stores, restore))
    await it.db.outbox.revive(restore.id, 0)
    await it.end(restore, done)
    expect(await it.states()).toEqual([`takedown ${someUri} undone restored`])
  })

  it('takes a message that is sent again for one that waits', async () => {
    await using it = await openActing({ policy: policyOf(takedown) })
    await it.act([await it.content()])
    const [message] = await it.messages()
    if (!message) throw new Error('Expected a message')
    await it.end(message, { state: 'dead', kind: 'failed', words: 'away' })
    await it.db.transaction((stores) => it.settle.revive(stores, message))
    expect(await it.states()).toEqual([`takedown ${someUri} pending`])
  })
})

describe('orders', () => {
  it('are carried out once, with the blobs of the record, and not by what cannot do it', async () => {
    await using it = await openActing({ policy: policyOf({ kind: 'log' }) })
    const match = await it.content()
    await it.act([match])
    await it.act([match], { cid: otherCid })
    const subject = { kind: 'record', did: someDid, uri: someUri, cid: otherCid, blobs: [] } as const
    const order = { kind: 'takedown', target: 'pds', subject } as const
    expect(await it.orders.weigh(order)).toEqual([{ ...subject, blobs: [someCid, otherCid] }])
    expect(await it.orders.give(order)).toHaveLength(1)
    expect(await it.orders.give(order)).toHaveLength(0)
    expect(JSON.parse((await it.messages())[0]?.payload ?? '')).toMatchObject({
      kind: 'takedown',
      subject: { blobs: [someCid, otherCid] },
      because: 'asked for by cli',
    })
    await expect(it.orders.give({ ...order, target: 'nowhere' })).rejects.toThrow(
      'Expected pds but received nowhere',
    )
    await it.restoring.restore(restoredBy)
    expect(await it.orders.give(order)).toHaveLength(1)
  })

  it('reach a blob in every account in which it was seen', async () => {
    await using it = await openActing({ policy: policyOf({ kind: 'log' }) })
    await it.act([])
    await it.act([], { did: farDid, uri: `at://${farDid}/app.bsky.feed.post/a` as AtUri })
    const subject = { kind: 'blob', did: someDid, cid: someCid } as const
    const effects = await it.orders.give({ kind: 'takedown', target: 'pds', subject, isEverywhere: true })
    expect(effects.map((effect) => effect.subject)).toEqual([`${someDid}/${someCid}`, `${farDid}/${someCid}`])
  })

  it('say what is thought of a content, and take that back', async () => {
    await using it = await openActing()
    const { contentId } = await it.content()
    const content = { ...judged, contentId }
    await it.orders.confirm(content, 'seen by two')
    expect(await it.db.verdicts.opinions([contentId])).toEqual(new Map([[contentId, 'confirmed']]))
    await it.orders.deconfirm(content, 'a logo')
    expect(await it.db.verdicts.find(contentId)).toMatchObject({ verdict: 'negative', reason: 'a logo' })
    expect(await it.orders.forgetVerdict(content)).toBe(true)
    expect(await it.orders.forgetVerdict(content)).toBe(false)
    const actions = (await it.db.audit.list('known', 10)).map(({ action }) => action)
    expect(actions).toEqual(
      expect.arrayContaining(['content.confirmed', 'content.deconfirmed', 'content.verdict-forgotten']),
    )
  })
})
