import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { AtUri } from '../src/model/ids.ts'
import { type DecisionRequest, reviewDecisions } from '../src/model/review-decision.ts'
import { noTimings } from '../src/model/scan.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { otherCid, someCid, someDid, someUri } from './support/builders.ts'
import { type Judging, judgingDid, openJudging } from './support/judging.ts'

const alice = { actor: 'cli:alice' }
const bob = { actor: 'cli:bob' }
const minute = 60_000
const none = { label: 0, takedown: 0 }

/** One match of one content, whose effects a quota of none holds back. */
async function openHeld(effects?: Parameters<typeof openJudging>[0]) {
  const it = await openJudging({ quotas: none, ...effects })
  const content = await it.bankContent('a')
  await it.find([content])
  return { it, content }
}

const hashedScan = {
  kind: 'hashed',
  isCached: false,
  facts: { format: 'png', width: 1, height: 1, size: 1 },
  plan: {
    profiles: ['reference-512'],
    hasSha1: false,
    isOriented: false,
    isFlattened: false,
    frames: 1,
    isTurned: false,
  },
  timings: noTimings,
} as const

const statesOf = async ({ database }: Judging): Promise<string[]> =>
  (await database.effects.ofReview({ subject: someUri, did: someDid }, allStates, 100)).map(
    ({ kind, state }) => `${kind} ${state}`,
  )
const allStates = ['held', 'pending', 'done', 'failed', 'undoing', 'undone', 'dropped'] as const

describe('what a quota holds', () => {
  it('waits in a review, and is not published', async () => {
    const { it } = await openHeld()
    await using _ = it
    expect(await it.database.reviews.find(1)).toMatchObject({
      subject: someUri,
      state: 'open',
      heldCount: 1,
      banks: ['known'],
      nearest: 0,
    })
    await it.settle()
    expect(await it.labels()).toEqual([])
  })

  it('is carried out when a person says yes to it, and the review is closed', async () => {
    const { it } = await openHeld()
    await using _ = it
    const decided = await it.reviewing.decide(1, { decision: 'apply', reason: 'it is' }, alice)
    expect(decided).toMatchObject({
      state: 'closed',
      effects: [{ change: 'carried-out', effect: { id: 1 } }],
    })
    expect(await it.labels()).toEqual([`known-image ${someUri}`])
    expect(await it.database.reviews.find(1)).toMatchObject({ state: 'closed', heldCount: 0 })
    expect(await it.database.reviewDecisions.list(1)).toMatchObject([
      { decision: 'apply', actor: 'cli:alice', details: { reason: 'it is', carriedOut: [1] } },
    ])
    const rows = await it.database.audit.list(someUri, 10)
    expect(rows.find(({ action }) => action === 'effect.released')).toMatchObject({ actor: 'cli:alice' })
    const row = rows.find(({ action }) => action === 'review.decided')
    expect(row).toMatchObject({
      actor: 'cli:alice',
      details: { review: 1, decision: 'apply', carriedOut: [1] },
    })
    expect(JSON.stringify(rows)).not.toContain('it is')
    expect(await it.decisions()).toMatchObject([
      { content_id: someUri, decision: 'applied', review: 1, label: null, actor: 'cli:alice' },
    ])
  })

  it('never happens once a person has acknowledged it, and is not wanted again for the same version', async () => {
    const { it, content } = await openHeld()
    await using _ = it
    const decided = await it.reviewing.decide(1, { decision: 'acknowledge' }, alice)
    expect(decided.effects).toMatchObject([{ change: 'dropped', effect: { id: 1 } }])
    await it.settle()
    expect(await it.labels()).toEqual([])
    expect(await statesOf(it)).toEqual(['label dropped'])
    const again = await it.find([content])
    expect(again).toMatchObject([{ kind: 'withheld', because: 'withdrawn' }])
    // Another version of the record is another matter.
    expect(await it.find([content], { recordCid: someCid })).toMatchObject([{ kind: 'label' }])
    expect(await it.database.reviews.ofSubject(someUri, 10)).toMatchObject([
      { id: 2, state: 'open', heldCount: 1 },
      { id: 1, state: 'closed' },
    ])
  })

  it('is carried out by the decision that asks for the same, and else dropped unless it is wanted too', async () => {
    const effects = [
      { kind: 'label', val: 'known-image' },
      { kind: 'takedown', by: 'pds', of: 'record' },
    ] as const
    for (const [request, states] of [
      [{ decision: 'label', val: 'known-image' }, ['label done', 'takedown dropped']],
      [{ decision: 'label', val: 'graphic' }, ['label dropped', 'takedown dropped', 'label done']],
      [
        { decision: 'label', val: 'graphic', isHeldApplied: true },
        ['label done', 'takedown pending', 'label done'],
      ],
      [{ decision: 'takedown', target: 'pds', of: 'record' }, ['label dropped', 'takedown pending']],
      [{ decision: 'takedown', target: 'pds', of: 'account' }, ['label dropped', 'takedown dropped']],
    ] as const) {
      const { it } = await openHeld({ effects })
      await using _ = it
      expect(await statesOf(it)).toEqual(['label held', 'takedown held'])
      await it.reviewing.decide(1, request, alice)
      expect([request, await statesOf(it)]).toEqual([request, states])
      const isTakedown = request.decision === 'takedown' || 'isHeldApplied' in request
      expect(await it.actions()).toEqual(isTakedown ? ['takedown'] : [])
    }
  })

  it('is not carried out while effects are paused, whoever says yes', async () => {
    const { it } = await openHeld()
    await using _ = it
    await it.database.transaction(({ brakes }) =>
      brakes.beginPause('look', 'cli', '2026-01-01T00:00:00.000Z'),
    )
    for (const decision of ['apply', 'label'] as const) {
      const request = { decision, val: 'known-image' } as DecisionRequest
      await expect(it.reviewing.decide(1, request, alice)).rejects.toMatchObject({ kind: 'conflict' })
    }
    expect(await it.database.reviews.find(1)).toMatchObject({ state: 'open', heldCount: 1 })
    expect(await it.database.reviewDecisions.list(1)).toEqual([])
    await it.database.transaction(({ brakes }) => brakes.endPause('cli', '2026-01-01T00:00:00.000Z'))
    await it.reviewing.decide(1, { decision: 'apply' }, alice)
    expect(await it.labels()).toHaveLength(1)
  })
})

describe('what a pause holds', () => {
  const pause = (it: Judging, isOn: boolean) =>
    it.database.transaction(async ({ brakes }) => {
      const at = new Date(it.clock.ms).toISOString()
      if (isOn) await brakes.beginPause('look', 'cli', at)
      else await brakes.endPause('cli', at)
    })

  it('comes before a person when it ends and a quota holds it then', async () => {
    await using it = await openJudging({ quotas: { label: 1 } })
    const content = await it.bankContent('a')
    await pause(it, true)
    for (const n of [1, 2]) await it.find([content], { uri: `${someUri}${n}` as AtUri })
    await it.settle()
    expect([await it.labels(), await it.database.reviews.counts()]).toMatchObject([[], { open: 0 }])
    await pause(it, false)
    await it.settle()
    expect(await it.labels()).toEqual([`known-image ${someUri}1`])
    expect(await it.database.reviews.list({ states: ['open'], limit: 10 })).toMatchObject([
      { subject: `${someUri}2`, heldCount: 1, matchCount: 1 },
    ])
    await it.reviewing.decide(1, { decision: 'apply' }, alice)
    expect(await it.labels()).toEqual([`known-image ${someUri}1`, `known-image ${someUri}2`])
  })

  it('is carried out when it ends where a person asked for it, whatever the quota', async () => {
    await using it = await openJudging({ quotas: none, effects: [{ kind: 'review' }] })
    await it.find([await it.bankContent('a')])
    await pause(it, true)
    await it.reviewing.decide(1, { decision: 'label', val: 'graphic' }, alice)
    await it.settle()
    expect(await it.labels()).toEqual([])
    await pause(it, false)
    await it.settle()
    expect(await it.labels()).toEqual([`graphic ${someUri}`])
  })
})

describe('a reversal', () => {
  const effects = [
    { kind: 'label', val: 'known-image' },
    { kind: 'takedown', by: 'pds', of: 'record' },
    { kind: 'review' },
  ] as const

  it('withdraws the labels, lifts the takedowns and judges the matches to be none', async () => {
    await using it = await openJudging({ effects })
    const content = await it.bankContent('a')
    await it.find([content])
    expect(await it.labels()).toEqual([`known-image ${someUri}`])
    // What was never sent would be dropped.
    const sent = { kind: 'pds', target: 'pds', now: Number.MAX_SAFE_INTEGER, limit: 1, busy: [] } as const
    expect(await it.database.outbox.claim(sent)).toHaveLength(1)
    const decided = await it.reviewing.decide(1, { decision: 'reverse' }, alice)
    expect(decided.effects.map(({ change }) => change)).toEqual(['taken-back', 'taken-back', 'taken-back'])
    expect(await it.labels()).toEqual([`known-image ${someUri}`, `-known-image ${someUri}`])
    expect(await it.actions()).toEqual(['takedown', 'restore'])
    expect(await statesOf(it)).toEqual(['label undone', 'takedown undoing', 'review undone'])
    expect(await it.database.matches.standing(someDid, someUri)).toEqual([])
    expect((await it.decisions()).map(({ decision, label }) => [decision, label])).toEqual([
      ['reversed', null],
      ['reversed', 'known-image'],
    ])
    // The content stands: another record is judged for itself.
    const otherUri = `${someUri}x` as AtUri
    await it.find([content], { uri: otherUri })
    expect(await it.labels()).toContain(`known-image ${otherUri}`)
  })

  it('of one content leaves what another calls for, and the review open while that is held', async () => {
    await using it = await openJudging({ quotas: none })
    const [first, second] = [await it.bankContent('a'), await it.bankContent('b')]
    await it.find([first, second])
    const one = { decision: 'reverse', contentId: first.id } as const
    expect(await it.reviewing.decide(1, one, alice)).toMatchObject({ state: 'open', effects: [] })
    const [effect] = await it.database.effects.ofReview({ subject: someUri, did: someDid }, ['held'], 10)
    expect(effect?.cause).toMatchObject({ contentId: second.id })
    const two = { decision: 'reverse', contentId: second.id } as const
    expect(await it.reviewing.decide(1, two, alice)).toMatchObject({ state: 'closed' })
    expect(await statesOf(it)).toEqual(['label dropped'])
    await expect(it.reviewing.decide(1, two, alice)).rejects.toMatchObject({ kind: 'conflict' })
  })

  it('can deconfirm the content, which then undoes what it caused elsewhere', async () => {
    await using it = await openJudging({ effects })
    const content = await it.bankContent('a')
    const otherUri = `${someUri}x` as AtUri
    await it.find([content])
    await it.find([content], { uri: otherUri })
    expect(await it.labels()).toHaveLength(2)
    await it.reviewing.decide(1, { decision: 'reverse', isDeconfirmed: true }, alice)
    expect(await it.database.verdicts.find(content.id)).toMatchObject({
      verdict: 'negative',
      actor: 'cli:alice',
    })
    await it.settle()
    expect((await it.labels()).slice(2)).toEqual([`-known-image ${someUri}`, `-known-image ${otherUri}`])
    expect(await it.find([content], { uri: `${someUri}y` as AtUri })).toEqual([])
  })

  it('can put the hashes of the content into a negative bank, which has to suppress its bank', async () => {
    await using it = await openJudging({ effects })
    const content = await it.bankContent('a')
    await it.bankContent('b', { name: 'harmless', suppresses: ['known'] })
    await it.bankContent('c', { name: 'others', suppresses: [] })
    await it.find([content])
    const into = (bank: string) =>
      ({ decision: 'reverse', suppress: { bank, what: 'content' } }) as const satisfies DecisionRequest
    for (const bank of ['known', 'others', 'none'])
      await expect(it.reviewing.decide(1, into(bank), alice)).rejects.toMatchObject({ kind: 'invalid' })
    expect(await it.database.reviews.find(1)).toMatchObject({ state: 'open' })
    const { suppressed } = await it.reviewing.decide(1, into('harmless'), alice)
    expect(suppressed).toMatchObject({ bank: 'harmless', isNew: true })
    const bank = await it.database.banks.find('harmless')
    expect(await it.database.curation.find(bank?.id ?? 0, suppressed?.content ?? 0)).toMatchObject({
      note: 'review 1: not a match',
      hashes: [{ type: 'sha256', value: 'a'.repeat(64) }],
    })
    expect(await it.database.audit.list('harmless', 1)).toMatchObject([
      { actor: 'cli:alice', action: 'bank.content-added' },
    ])
  })

  it('can put the hashes of the image there instead, and compares only what is comparable', async () => {
    await using it = await openJudging({ effects })
    const content = await it.bankContent('a')
    await it.bankContent('b', { name: 'harmless', suppresses: 'all' })
    await it.find([content])
    const decide = (what: 'content' | 'image', bank = 'harmless') =>
      it.reviewing.decide(1, { decision: 'reverse', suppress: { bank, what } }, alice)
    // What is known of the image is that it could not be hashed.
    await expect(decide('image')).rejects.toThrow('Expected the hashes of the image to be kept')
    const look = { profile: 'reference-512', variant: 'original', quality: 90 } as const
    await it.database.transaction(async ({ images, curation }) => {
      const hashes = [
        { type: 'pdq', value: 'c'.repeat(64), ...look },
        { type: 'sha256', value: 'd'.repeat(64), quality: 100 },
      ] as const
      await images.save(someCid, { ...hashedScan, hashes }, '2026-01-01T00:00:00.000Z')
      await curation.addHashes(content.bank.id, content.id, [
        { type: 'pdq', value: 'e'.repeat(64), quality: 90 },
      ])
    })
    await it.bankContent('f', { name: 'other-hasher', suppresses: 'all', profile: 'full-resolution' })
    await expect(decide('content', 'other-hasher')).rejects.toThrow('of profile reference-512 or unknown')
    const { suppressed } = await decide('image')
    const bank = await it.database.banks.find('harmless')
    const added = await it.database.curation.find(bank?.id ?? 0, suppressed?.content ?? 0)
    expect(added?.hashes.map(({ value }) => value).sort()).toEqual(['c'.repeat(64), 'd'.repeat(64)])
  })

  it('needs to be told the content where several match', async () => {
    await using it = await openJudging({ effects })
    await it.find([await it.bankContent('a'), await it.bankContent('b')])
    const decide = (contentId?: number) =>
      it.reviewing.decide(1, { decision: 'reverse', isDeconfirmed: true, contentId }, alice)
    await expect(decide()).rejects.toThrow(
      'Expected one of the contents that match (1, 2) but received no number',
    )
    await expect(decide(3)).rejects.toThrow('received 3')
    expect((await decide(2)).content).toBe(2)
  })

  it('of an account takes back what was done about any record of it', async () => {
    await using it = await openJudging()
    const content = await it.bankContent('a')
    const otherUri = `${someUri}x` as AtUri
    await it.find([content])
    await it.find([content], { uri: otherUri })
    await it.labels()
    const at = new Date(it.clock.ms).toISOString()
    const { id } = await it.database.transaction(async (stores) => {
      const opened = await stores.reviews.open(someDid, someDid, at)
      await stores.evidence.adopt(opened.id)
      return opened
    })
    await it.reviewing.decide(id, { decision: 'reverse' }, alice)
    expect((await it.labels()).slice(2).sort()).toEqual([
      `-known-image ${someUri}`,
      `-known-image ${otherUri}`,
    ])
  })
})

describe('a decision', () => {
  it('that is weighed changes nothing, and tells exactly what deciding then does', async () => {
    const { it } = await openHeld()
    await using _ = it
    const request = { decision: 'label', val: 'graphic' } as const
    const weighed = await it.reviewing.weigh(1, request, alice)
    expect(await statesOf(it)).toEqual(['label held'])
    expect(await it.database.reviews.find(1)).toMatchObject({ state: 'open' })
    expect(await it.database.reviewDecisions.list(1)).toEqual([])
    expect(await it.decisions()).toEqual([])
    expect(await it.reviewing.decide(1, request, alice)).toEqual(weighed)
  })

  it('that cannot be carried out leaves nothing behind', async () => {
    const { it } = await openHeld()
    await using _ = it
    const bad: DecisionRequest[] = [
      { decision: 'label', val: 'undeclared' },
      { decision: 'takedown', target: 'nowhere', of: 'record' },
      { decision: 'release' },
      { decision: 'comment' },
      { decision: 'comment', reason: 'x'.repeat(2001) },
    ]
    for (const request of bad)
      await expect(it.reviewing.decide(1, request, alice)).rejects.toMatchObject({ kind: 'invalid' })
    await expect(it.reviewing.decide(9, { decision: 'acknowledge' }, alice)).rejects.toMatchObject({
      kind: 'not-found',
    })
    expect(await statesOf(it)).toEqual(['label held'])
    expect(await it.database.reviews.find(1)).toMatchObject({ state: 'open' })
    expect(await it.database.reviewDecisions.list(1)).toEqual([])
  })

  it('closes a review for good, apart from escalating and commenting', async () => {
    let closed = 0
    for (const decision of ['acknowledge', 'apply', 'reverse', 'escalate', 'comment'] as const) {
      const { it } = await openHeld()
      await using _ = it
      await it.reviewing.decide(1, { decision, reason: 'words' }, alice)
      const review = await it.database.reviews.find(1)
      const after = { decision: 'comment', reason: 'more' } as const
      if (decision === 'escalate' || decision === 'comment') {
        expect(review?.state).toBe(decision === 'escalate' ? 'escalated' : 'open')
        await it.reviewing.decide(1, after, bob)
        continue
      }
      closed += 1
      expect(review).toMatchObject({ state: 'closed', closedAt: new Date(it.clock.ms).toISOString() })
      await expect(it.reviewing.decide(1, after, bob)).rejects.toMatchObject({ kind: 'conflict' })
    }
    expect(closed).toBe(3)
    expect(Object.keys(reviewDecisions)).toHaveLength(9)
  })

  it('can be judged again in another review, which begins with what the closed one has', async () => {
    const { it } = await openHeld()
    await using _ = it
    await expect(it.reviewing.reopen(1, bob)).rejects.toMatchObject({ kind: 'conflict' })
    await it.reviewing.decide(1, { decision: 'apply' }, alice)
    await it.labels()
    expect(await it.reviewing.reopen(1, bob)).toEqual({ id: 2, isNew: true })
    expect(await it.reviewing.reopen(1, bob)).toEqual({ id: 2, isNew: false })
    expect(await it.database.evidence.list(2)).toHaveLength(1)
    await it.reviewing.decide(2, { decision: 'reverse' }, bob)
    expect(await it.labels()).toEqual([`known-image ${someUri}`, `-known-image ${someUri}`])
    expect(await it.database.reviews.find(1)).toMatchObject({ state: 'closed' })
  })

  it('of a takedown reaches the record with its images, the images that match, or the account', async () => {
    for (const [of, subjects] of [
      ['record', [{ kind: 'record', uri: someUri, cid: otherCid, blobs: [someCid, otherCid] }]],
      [
        'blob',
        [
          { kind: 'blob', cid: someCid },
          { kind: 'blob', cid: otherCid },
        ],
      ],
      ['account', [{ kind: 'account', did: someDid }]],
    ] as const) {
      await using it = await openJudging({ effects: [{ kind: 'review' }] })
      const content = await it.bankContent('a')
      await it.find([content])
      await it.find([content], { cid: otherCid })
      const { effects } = await it.reviewing.decide(1, { decision: 'takedown', target: 'pds', of }, alice)
      const asked = effects.flatMap(({ effect }) =>
        effect.action.kind === 'takedown' ? [effect.action.subject] : [],
      )
      expect(asked).toMatchObject(subjects)
      expect(effects[0]?.effect).toMatchObject({ actor: 'cli:alice', reviewId: 1 })
    }
  })
})

describe('a content in quarantine', () => {
  const openFlood = async () => {
    const it = await openJudging({ flood: { least: 2, factor: 1 } })
    const content = await it.bankContent('a')
    for (const n of [1, 2, 3, 4]) await it.find([content], { uri: `${someUri}${n}` as AtUri })
    const [review] = await it.database.reviews.ofSubject(`content:${content.id}`, 1)
    return { it, content, review: review! }
  }

  it('has a review that takes a release, and then acts again', async () => {
    const { it, content, review } = await openFlood()
    await using _ = it
    expect(await it.labels()).toHaveLength(2)
    expect(review).toMatchObject({ state: 'open', heldCount: 2, did: judgingDid })
    for (const decision of ['acknowledge', 'apply', 'reverse'] as const)
      await expect(it.reviewing.decide(review.id, { decision }, alice)).rejects.toMatchObject({
        kind: 'invalid',
      })
    await it.reviewing.decide(review.id, { decision: 'release' }, alice)
    await it.settle()
    expect(await it.labels()).toHaveLength(4)
    expect(await it.database.brakes.quarantined([content.id])).toEqual(new Set())
    expect(await it.database.reviewDecisions.list(review.id)).toMatchObject([
      { decision: 'release', details: { content: content.id } },
    ])
    expect(await it.decisions()).toEqual([])
  })

  it('is deconfirmed by its review, and everything that it caused is taken back', async () => {
    const { it, content, review } = await openFlood()
    await using _ = it
    expect(await it.labels()).toHaveLength(2)
    await it.reviewing.decide(review.id, { decision: 'deconfirm', reason: 'a logo' }, alice)
    await it.settle()
    expect((await it.labels()).slice(2)).toEqual([1, 2].map((n) => `-known-image ${someUri}${n}`))
    expect(await it.database.verdicts.find(content.id)).toMatchObject({
      verdict: 'negative',
      reason: 'a logo',
    })
    expect(await it.database.reviewDecisions.list(review.id)).toMatchObject([{ decision: 'deconfirm' }])
  })
})

describe('a claim', () => {
  it('is had by exactly one of those who race for it, each with a connection of their own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'harrier-claims-'))
    try {
      const path = join(folder, 'harrier.db')
      const { it } = await openHeld({ path })
      await using _ = it
      await using other = await openSqlite({ path })
      const at = new Date(it.clock.ms).toISOString()
      const until = new Date(it.clock.ms + minute).toISOString()
      for (let round = 0; round < 20; round++) {
        await it.database.reviewDecisions.unclaim(1)
        const won = await Promise.all([
          it.database.reviewDecisions.claim(1, 'cli:alice', at, until),
          other.reviewDecisions.claim(1, 'cli:bob', at, until),
        ])
        expect(won.filter(Boolean)).toHaveLength(1)
        const by = won[0] ? 'cli:alice' : 'cli:bob'
        expect(await other.reviews.find(1)).toMatchObject({ claim: { by, until } })
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('keeps others from deciding until it is over, unless they say so, on the record', async () => {
    const { it } = await openHeld()
    await using _ = it
    const { until } = await it.reviewing.claim(1, alice, 30 * minute)
    const refused = `claimed by cli:alice until ${until}`
    await expect(it.reviewing.claim(1, bob, minute)).rejects.toThrow(refused)
    await expect(it.reviewing.unclaim(1, bob)).rejects.toThrow(refused)
    await expect(it.reviewing.decide(1, { decision: 'apply' }, bob)).rejects.toThrow(refused)
    await it.reviewing.decide(1, { decision: 'comment', reason: 'look at the reply' }, bob)
    await it.reviewing.claim(1, alice, 60 * minute)
    await it.reviewing.decide(1, { decision: 'acknowledge' }, { ...bob, isForced: true })
    const [row] = (await it.database.audit.list(someUri, 20)).filter(
      ({ action, actor }) => action === 'review.decided' && actor === 'cli:bob',
    )
    expect(row?.details).toMatchObject({ decision: 'acknowledge', overrode: 'cli:alice' })
    expect((await it.database.reviews.find(1))?.claim).toBeUndefined()
  })

  it('is over when its time is, or when it is given back', async () => {
    const { it } = await openHeld()
    await using _ = it
    await it.reviewing.claim(1, alice, 30 * minute)
    it.clock.ms += 30 * minute - 1
    await expect(it.reviewing.claim(1, bob, minute)).rejects.toMatchObject({ kind: 'conflict' })
    it.clock.ms += 1
    await it.reviewing.claim(1, bob, minute)
    expect(await it.reviewing.unclaim(1, bob)).toBe(true)
    expect(await it.reviewing.unclaim(1, bob)).toBe(false)
    await it.reviewing.claim(1, alice, minute)
    expect((await it.database.audit.list(someUri, 20)).map(({ action }) => action).slice(0, 4)).toEqual([
      'review.claimed',
      'review.unclaimed',
      'review.claimed',
      'review.claimed',
    ])
  })

  it('of what comes next is of the nearest that nobody else has, then the oldest', async () => {
    await using it = await openJudging({ quotas: none })
    const [first, second] = [await it.bankContent('a'), await it.bankContent('b', { name: 'others' })]
    // The policy calls for nothing of bank `others`: its match comes to a review because of the other.
    await it.find([second, first], { uri: `${someUri}1` as AtUri })
    await it.find([first], { uri: `${someUri}2` as AtUri })
    await it.find([first], { uri: `${someUri}3` as AtUri })
    await it.database.transaction(({ reviews }) =>
      reviews.open(
        'did:plc:z72i7hdynmk6r22z27h6tvur' as typeof someDid,
        someDid,
        new Date(it.clock.ms).toISOString(),
      ),
    )
    const next = async (who: typeof alice, more = {}) =>
      (await it.reviewing.next(who, { state: 'open', forMs: minute, ...more }))?.id
    expect(await next(bob, { bank: 'others' })).toBe(1)
    expect(await next(alice)).toBe(2)
    expect(await next(alice)).toBe(2)
    expect(await next({ actor: 'cli:carol' })).toBe(3)
    expect(await next({ actor: 'cli:dave' })).toBe(4)
    expect(await next({ actor: 'cli:erin' })).toBeUndefined()
    expect(await next({ actor: 'cli:erin' }, { state: 'escalated' })).toBeUndefined()
    it.clock.ms += minute
    expect(await next({ actor: 'cli:erin' })).toBe(1)
  })
})
