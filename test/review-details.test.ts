import { describe, expect, it } from 'vitest'
import { formatEvidence } from '../scripts/lib/format-evidence.ts'
import { showReview } from '../scripts/lib/show-review.ts'
import { importFile } from '../src/bank-file/import-file.ts'
import { createCuration } from '../src/curate/curate.ts'
import type { Bank } from '../src/model/bank.ts'
import type { AtUri, Cid } from '../src/model/ids.ts'
import type { Match } from '../src/model/match.ts'
import type { ReviewDetails } from '../src/model/review.ts'
import { loadReviewDetails } from '../src/review/load-review-details.ts'
import { imageOf, someCid, someDid, someUri } from './support/builders.ts'
import { type Judging, judgingDid, openJudging } from './support/judging.ts'

const bankHash = 'f'.repeat(32) + '0'.repeat(32)
/** Bits 0, 16 and 255 are other. */
const imageHash = `7${'f'.repeat(31)}${'0'.repeat(27)}10001`
const pdq = { hashType: 'pdq', profile: 'reference-512', variant: 'original' } as const
const esc = String.fromCharCode(27)

const makeBank = (it: Judging, name: string): Promise<Bank> =>
  it.database.banks.create({
    name,
    threshold: 31,
    minQuality: 50,
    profile: 'reference-512',
    createdAt: new Date(it.clock.ms).toISOString(),
  })

/** Has a review keep a match of a content, with both hashes. */
async function keepMatch(it: Judging, bank: Bank, contentId: number, cid: Cid = someCid): Promise<void> {
  const match: Match = { bankId: bank.id, bank: bank.name, contentId, distance: 3, tier: 'near', ...pdq }
  const at = new Date(it.clock.ms).toISOString()
  const hashes = [
    { type: 'pdq', value: imageHash, quality: 90, profile: 'reference-512', variant: 'original' },
  ] as const
  const proof = { hashes, policy: 'abc123', banks: '12-3' }
  await it.database.transaction(async ({ reviews, evidence }) => {
    await reviews.open(someUri, someDid, at)
    await evidence.attach(
      { image: imageOf({ cid }), outcome: 'hashed', proof, matches: [match], suppressed: [] },
      at,
    )
  })
}

const detailsOf = async (it: Judging, id = 1): Promise<ReviewDetails> =>
  (await loadReviewDetails(it.database, judgingDid, id)) ?? expect.fail()

describe('what a review is shown with', () => {
  it('has both hashes of a match, and the bits in which they differ', async () => {
    await using it = await openJudging()
    const bank = await makeBank(it, 'known')
    const curation = createCuration({
      database: it.database,
      actor: 'cli',
      now: () => new Date(it.clock.ms),
      onChange: async () => {},
    })
    const hashes = [{ type: 'pdq', value: bankHash, quality: 90 } as const]
    const note = `a ${esc}[2Jcat "here"`
    const { contentId } = await curation.addContent(bank, { hashes, note, sourceId: 'case-7' })
    await keepMatch(it, bank, contentId)
    const details = await detailsOf(it)
    expect(details.evidence).toMatchObject([
      { imageHash, bankHash, difference: `8${'0'.repeat(58)}10001`, policy: 'abc123', banks: '12-3' },
    ])
    expect(details.contents).toMatchObject([
      {
        contentId,
        bank: 'known',
        isThere: true,
        content: { note, sourceId: 'case-7', disableUntil: 1 },
        provenance: { how: 'added', by: 'cli', exchange: undefined },
        verdict: undefined,
      },
    ])
    const lines = formatEvidence(details.evidence[0] ?? expect.fail(), details.contents)
    expect(lines).toContain('  differs  in 3 of 256 bits: 0 16 255')
    expect(lines.find((line) => line.includes('note'))).toBe(
      '  content  note "a \u{fffd}[2Jcat \\"here\\"", source "case-7"',
    )
    expect(lines.join('')).not.toContain(esc)
    // The squares: image, bank, and what differs.
    expect(lines.at(-8)).toContain(`  █${'·'.repeat(15)}`)
    expect(lines.at(-1)).toContain(`  ${'·'.repeat(15)}▄`)
  })

  it('says how each content came into its bank, and what is thought of it', async () => {
    await using it = await openJudging()
    const now = () => new Date(it.clock.ms)
    const at = now().toISOString()
    const [imported, shared, old] = [
      await makeBank(it, 'files'),
      await makeBank(it, 'shared'),
      await makeBank(it, 'old'),
    ]
    const bytes = Buffer.from(`${bankHash}\n`)
    await importFile(
      {
        database: it.database,
        audit: ({ audit }, action, subject, details) =>
          audit.append([{ at, actor: 'cli:carol', action, subject, details }]),
        now,
      },
      imported,
      {
        path: undefined,
        async *read(offset) {
          yield bytes.subarray(offset)
        },
      },
      { format: 'lines', type: 'pdq' },
      new AbortController().signal,
    )
    const hashes = [{ type: 'pdq', value: bankHash, quality: 90 } as const]
    const ids = await it.database.transaction(async ({ banks, exchanges, exchangeRecords, verdicts }) => {
      const content = { label: '', note: '', sourceId: '', hashes }
      const one = await banks.addContent(shared.id, content, at)
      await exchanges.create(shared.id, 'fb_threatexchange', {})
      await exchangeRecords.put(shared.id, 'key', {}, 1)
      await exchangeRecords.link(shared.id, 'key', one.contentId, true)
      await verdicts.saveExchange(one.contentId, 'disputed')
      await verdicts.save({
        contentId: one.contentId,
        bankId: shared.id,
        verdict: 'negative',
        actor: 'cli:bob',
        reason: 'a logo',
        at,
      })
      return [one.contentId, (await banks.addContent(old.id, content, at)).contentId] as const
    })
    await keepMatch(it, imported, 1)
    await keepMatch(it, shared, ids[0])
    await keepMatch(it, old, ids[1])
    await keepMatch(it, old, 999)
    const { contents } = await detailsOf(it)
    expect(contents).toMatchObject([
      { contentId: 1, bank: 'files', provenance: { how: 'imported', by: 'cli:carol', format: 'lines' } },
      {
        bank: 'shared',
        content: { sharedBy: ['key'] },
        provenance: { how: 'shared', exchange: { api: 'fb_threatexchange', opinion: 'disputed' } },
        verdict: { verdict: 'negative', actor: 'cli:bob', reason: 'a logo' },
      },
      { bank: 'old', isThere: true, provenance: { how: 'unknown' } },
      { contentId: 999, bank: 'old', isThere: false, content: undefined, provenance: undefined },
    ])
  })

  it('has the effects with their states, what holds, the decisions, and the reviews before', async () => {
    await using it = await openJudging({ quotas: { label: 0 } })
    const content = await it.bankContent('a')
    await it.find([content])
    await it.reviewing.decide(1, { decision: 'comment', reason: `look ${esc}[31m` }, { actor: 'cli:alice' })
    const held = await detailsOf(it)
    expect(held).toMatchObject({
      effects: [{ kind: 'label', state: 'held', because: 'quota', cause: { contentId: content.id } }],
      labels: [],
      decisions: [{ decision: 'comment', actor: 'cli:alice' }],
      earlier: [],
    })
    const out = print(held)
    expect(out).toContain(
      `would have labeled ${someUri} known-image (quota, for known content 1 at distance 0)`,
    )
    expect(out).not.toContain(esc)
    await it.reviewing.decide(1, { decision: 'apply' }, { actor: 'cli:alice' })
    await it.labels()
    await it.reviewing.reopen(1, { actor: 'cli:bob' })
    expect(await detailsOf(it, 2)).toMatchObject({
      effects: [{ state: 'done' }],
      labels: [{ val: 'known-image', isNegated: false }],
      decisions: [],
      earlier: [{ id: 1, state: 'closed', decisions: [{ decision: 'comment' }, { decision: 'apply' }] }],
    })
    expect(await loadReviewDetails(it.database, judgingDid, 9)).toBeUndefined()
  })

  it('has for a content in quarantine that content, and a sample of what it matched', async () => {
    await using it = await openJudging({ flood: { least: 1, factor: 1 } })
    const content = await it.bankContent('a')
    for (const n of [1, 2, 3]) await it.find([content], { uri: `${someUri}${n}` as AtUri })
    const details = await detailsOf(it)
    expect(details).toMatchObject({
      review: { subject: 'content:1', heldCount: 2 },
      quarantine: { contentId: 1, recent: 2 },
      contents: [{ contentId: 1, bank: 'known' }],
      effects: [{ because: 'flood' }, { because: 'flood' }],
    })
    expect(details.evidence.length).toBeGreaterThan(0)
    expect(print(details)).toMatch(/quarantine +of known since/)
  })
})

function print(details: ReviewDetails): string {
  const lines: string[] = []
  const style = (_: string, text: string): string => text
  showReview(details, {
    out: (line) => lines.push(line),
    err: () => {},
    write: async () => {},
    progress: () => {},
    isLive: false,
    style,
  })
  return lines.join('\n')
}
