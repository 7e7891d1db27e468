import { describe, expect, it } from 'vitest'
import { imageOf, matchOf, noHistory, otherCid, someCid, someUri } from '../../test/support/builders.ts'
import type { StoredEffect } from '../model/effect.ts'
import type { LabelState } from '../model/label.ts'
import { missingTiers, type Policy } from '../model/policy.ts'
import { type Decision, decideEffects } from './decide.ts'

const policy: Policy = {
  labels: ['known-image', 'near-image'],
  banks: [
    {
      bank: 'known',
      tiers: [
        { distance: 15, effects: [{ kind: 'label', val: 'known-image' }, { kind: 'log' }] },
        { distance: 31, effects: [{ kind: 'label', val: 'near-image' }] },
      ],
    },
  ],
  otherBanks: [{ distance: 256, effects: [{ kind: 'log' }] }],
  definitions: [],
  reports: {},
}
const now = '2026-01-02T00:00:00.000Z'
const image = imageOf()
const decide = (matches = [matchOf()], history: LabelState[] = []) =>
  decideEffects({ image, ...noHistory, matches, suppressed: [], history, policy, now })
const state = (parts: Partial<LabelState> = {}): LabelState => ({
  uri: someUri,
  cid: otherCid,
  val: 'known-image',
  cts: '2026-01-01T00:00:00.000Z',
  isNegated: false,
  ...parts,
})
const kinds = (effects: readonly { kind: string }[]) => effects.map((effect) => effect.kind)

describe('decideEffects', () => {
  it('does nothing about an image without matches', () => {
    expect(decide([])).toEqual([])
  })

  it('calls for the effects of the tier that the match is of, by its name, and else of the first distance', () => {
    const effectsOf = (val: string) => [{ kind: 'label', val } as const]
    const tiers = [
      { tier: 'exact', effects: effectsOf('known-image') },
      { tier: 'far', effects: effectsOf('near-image') },
      { distance: 40, effects: [{ kind: 'log' } as const] },
    ]
    const named: Policy = { ...policy, banks: [{ bank: 'known', tiers }] }
    const of = (parts: { tier?: string; distance: number }) =>
      decideEffects({
        image,
        ...noHistory,
        matches: [{ ...matchOf({ distance: parts.distance }), ...parts }],
        suppressed: [],
        history: [],
        policy: named,
        now,
      }).map((effect) => ('val' in effect ? effect.val : effect.kind))
    expect(of({ tier: 'exact', distance: 0 })).toEqual(['known-image'])
    expect(of({ tier: 'far', distance: 31 })).toEqual(['near-image'])
    expect(of({ tier: 'near', distance: 16 })).toEqual(['log'])
    expect(of({ distance: 40 })).toEqual(['log'])
    expect(of({ distance: 41 })).toEqual([])
    expect(missingTiers(named, [{ name: 'known', tiers: [{ name: 'exact', distance: 0 }] }])).toEqual([
      { bank: 'known', tier: 'far' },
    ])
    expect(missingTiers(named, [])).toEqual([])
  })

  it('calls for the effects of the first tier that holds the distance, both ends inclusive', () => {
    const valAt = (distance: number) =>
      decide([matchOf({ distance })]).flatMap((effect) => ('val' in effect ? [effect.val] : []))
    expect([0, 15, 16, 31, 32].map(valAt)).toEqual([
      ['known-image'],
      ['known-image'],
      ['near-image'],
      ['near-image'],
      [],
    ])
  })

  it('labels the record version that refers to the image', () => {
    expect(decide()[0]).toMatchObject({
      kind: 'label',
      uri: someUri,
      cid: otherCid,
      val: 'known-image',
      after: undefined,
    })
  })

  it('cannot block what is published, and does what else the tier calls for', () => {
    const effects = [{ kind: 'block' } as const, { kind: 'log' } as const]
    const blocking: Policy = { ...policy, banks: [{ bank: 'known', tiers: [{ distance: 31, effects }] }] }
    expect(
      kinds(
        decideEffects({ image, ...noHistory, matches: [matchOf()], suppressed: [], policy: blocking, now }),
      ),
    ).toEqual(['log'])
  })

  it('logs the matches of banks that the policy does not name', () => {
    expect(kinds(decide([matchOf({ bank: 'another', bankId: 2 })]))).toEqual(['log'])
  })

  it('gives one value once, for the nearest match', () => {
    const effects = decide([matchOf({ distance: 3, contentId: 1 }), matchOf({ distance: 9, contentId: 2 })])
    expect(kinds(effects)).toEqual(['label', 'log', 'log'])
    expect(effects[0]?.match?.contentId).toBe(1)
  })

  it('withholds a label that already holds', () => {
    expect(decide(undefined, [state()])[0]).toMatchObject({ kind: 'withheld', because: 'already-labeled' })
    expect(decide(undefined, [state({ cid: undefined })])[0]).toMatchObject({
      kind: 'withheld',
      because: 'already-labeled',
    })
  })

  it('withholds a label that a person withdrew from this version of the record', () => {
    expect(decide(undefined, [state({ isNegated: true })])[0]).toMatchObject({
      kind: 'withheld',
      because: 'withdrawn',
    })
  })

  it('labels a new version of a record whose old one was labeled or cleared, later than before', () => {
    for (const isNegated of [true, false]) {
      const effects = decide(undefined, [state({ cid: someCid, isNegated })])
      expect(effects[0]).toMatchObject({ kind: 'label', cid: otherCid, after: '2026-01-01T00:00:00.000Z' })
    }
  })

  it('gives a label again once the old one has expired', () => {
    expect(kinds(decide(undefined, [state({ exp: now })]))[0]).toBe('label')
    expect(kinds(decide(undefined, [state({ exp: '2026-01-03T00:00:00.000Z' })]))[0]).toBe('withheld')
  })

  it('labels the account where the policy says so: without a version, and whatever the record has', () => {
    const account = { kind: 'label', val: 'known-image', on: 'account', expiresAfterMs: 86_400_000 } as const
    const both: Policy = {
      ...policy,
      banks: [
        { bank: 'known', tiers: [{ distance: 31, effects: [account, { kind: 'log' }, { ...account }] }] },
      ],
    }
    const labeled = (history: LabelState[]) =>
      decideEffects({
        image,
        ...noHistory,
        matches: [matchOf(), matchOf()],
        suppressed: [],
        history,
        policy: both,
        now,
      })
    const [given, ...others] = labeled([state()])
    expect(given).toMatchObject({ kind: 'label', uri: image.did, val: 'known-image', after: undefined })
    expect(given).toMatchObject({ cid: undefined, exp: '2026-01-03T00:00:00.000Z' })
    expect(kinds(others)).toEqual(['log', 'log'])
    const onAccount = (parts: Partial<LabelState>) =>
      labeled([state({ uri: image.did, cid: undefined, ...parts })])[0]
    expect(onAccount({})).toMatchObject({ kind: 'withheld', because: 'already-labeled' })
    expect(onAccount({ exp: now })).toMatchObject({ kind: 'label', after: '2026-01-01T00:00:00.000Z' })
    expect(onAccount({ isNegated: true })).toMatchObject({ kind: 'withheld', because: 'withdrawn' })
  })

  describe('of matches in quarantine, and of what was done before', () => {
    const takedown = { kind: 'takedown', by: 'pds', of: 'record' } as const
    const both: Policy = {
      ...policy,
      banks: [
        {
          bank: 'known',
          tiers: [{ distance: 31, effects: [{ kind: 'label', val: 'known-image' }, takedown] }],
        },
      ],
    }
    const done = (parts: Partial<StoredEffect>): StoredEffect => ({
      id: 1,
      kind: 'takedown',
      target: 'pds',
      subject: image.uri,
      did: image.did,
      uri: image.uri,
      recordCid: image.recordCid,
      blobCid: image.cid,
      detail: '',
      action: { kind: 'review', uri: image.uri, isEscalated: false },
      state: 'done',
      because: undefined,
      outcome: undefined,
      actor: 'harrier',
      jobId: 1,
      reviewId: undefined,
      cause: undefined,
      createdAt: now,
      settledAt: now,
      undoneAt: undefined,
      undoneBy: undefined,
      ...parts,
    })
    const given = (parts: Partial<Decision>) =>
      decideEffects({
        image,
        ...noHistory,
        matches: [matchOf({ contentId: 1, distance: 0 }), matchOf({ contentId: 2, distance: 9 })],
        suppressed: [],
        history: [],
        policy: both,
        now,
        ...parts,
      })

    it('gives an effect to a content that is believed before a nearer one that is not', () => {
      expect(given({}).map(({ match }) => match?.contentId)).toEqual([1, 1])
      const effects = given({ quarantined: new Set([1]) })
      expect(effects.map(({ match }) => match?.contentId)).toEqual([2, 2])
      expect(given({ quarantined: new Set([1, 2]) }).map(({ match }) => match?.contentId)).toEqual([1, 1])
    })

    it.each([
      ['stands', { state: 'done' }, 'already-done'],
      ['waits', { state: 'held', because: 'flood' }, 'already-done'],
      ['failed', { state: 'failed' }, 'already-done'],
      ['was restored', { state: 'undone', because: 'restored' }, 'withdrawn'],
      ['is being restored', { state: 'undoing', because: 'restored' }, 'withdrawn'],
      ['was judged before it left', { state: 'dropped', because: 'not-a-match' }, 'withdrawn'],
    ] as const)('withholds a takedown that %s', (_, parts, because) => {
      const [, second] = given({ acted: [done(parts)] })
      expect(second).toMatchObject({ kind: 'withheld', of: 'takedown', because })
    })

    it.each([
      ['fell with its cause', { state: 'undone', because: 'hash-withdrawn' }],
      ['is not its host’s', { state: 'dropped' }],
      ['was of another version', { state: 'done', recordCid: someCid }],
      ['was by another target', { state: 'done', target: 'other' }],
    ] as const)('takes down again what %s', (_, parts) => {
      const [, second] = given({ acted: [done(parts)] })
      expect(second?.kind).toBe('takedown')
    })

    it('takes a blob down that a person has taken down elsewhere, though nothing matches, and once', () => {
      const elsewhere = { matches: [], takenDown: [{ target: 'pds' }, { target: 'pds' }] }
      const subject = `${image.did}/${image.cid}`
      expect(given(elsewhere)).toMatchObject([{ kind: 'takedown', target: 'pds', match: undefined }])
      expect(given({ ...elsewhere, acted: [done({ subject, recordCid: undefined })] })).toMatchObject([
        { kind: 'withheld', because: 'already-done' },
      ])
    })
  })
})
