/**
 * The replay's front door: what another policy would have done about the images of some days, and undone.
 *
 * Owns: which jobs are looked at again and by what, and the comparison of two policies with one another and with what was done.
 * Leaves to others: finding matches, the decision about an effect (`act/decide.ts`), and showing it to people.
 * Invariants: it writes nothing and reaches no network; both policies are asked about the same matches, those of today's banks, found
 * as the pipeline finds them; its memory follows from one account and not from how many jobs there are.
 *
 * called-for.ts      what a policy calls for about one image
 * account-replay.ts  what becomes of the effects of one account
 * replay-report.ts   the sums
 */
import { shareOf } from '../lib/share.ts'
import type { Quotas } from '../model/brake.ts'
import type { ImageHash } from '../model/hash.ts'
import { coversPlan, type HashPlan } from '../model/hash-plan.ts'
import { type Did, sha256OfBlobCid } from '../model/ids.ts'
import type { Match, PartialFindings } from '../model/match.ts'
import type { Policy } from '../model/policy.ts'
import type { HashedScan, UnscannableScan } from '../model/scan.ts'
import type { Stores } from '../store/database.ts'
import type { DoneJob } from '../store/replay-store.ts'
import { AccountReplay } from './account-replay.ts'
import { findCalled, reasonAgainst } from './called-for.ts'
import { type ReplayReport, ReplayTally } from './replay-report.ts'

/** What a replay needs; of the stores it only reads. */
export type ReplayDeps = {
  readonly stores: Pick<Stores, 'replays' | 'labels' | 'effects' | 'brakes'>
  readonly matchHashes: (
    hashes: readonly ImageHash[],
    options: { readonly coin: number },
  ) => Promise<PartialFindings>
  /** The looks at an image that the banks and the settings of today ask for. */
  readonly plan: HashPlan
  /** The labeler. */
  readonly src: Did
  /** ISO 8601. */
  readonly now: string
}

/** What is asked. */
export type ReplayRequest = {
  /** The policy in force, and the other. */
  readonly current: Policy
  readonly other: Policy
  /** Jobs that were done since this time (ISO 8601). */
  readonly since: string
  /** Only effects that go back to this bank. */
  readonly bank: string | undefined
  readonly quotas: Quotas
  /** The most records that are listed. */
  readonly limit: number
  /** Hears how many of the jobs are done. */
  readonly onProgress: (done: number, total: number) => void
}

const pageJobs = 500
const pageEffects = 1_000

/** Returns what another policy would have done. */
export async function replayPolicies(deps: ReplayDeps, request: ReplayRequest): Promise<ReplayReport> {
  const total = await deps.stores.replays.countDone(request.since)
  const tally = new ReplayTally(request.quotas, request.limit)
  const counts = { images: 0, records: 0, hashed: 0, byCidAlone: 0, unscannable: 0, partly: 0 }
  let account: { readonly did: Did; readonly replay: AccountReplay } | undefined
  let seenEffects = 0
  let last: DoneJob | undefined
  const endAccount = async (): Promise<void> => {
    if (account === undefined) return
    seenEffects += await addStanding(deps, account)
    account.replay.spend(tally)
    tally.addAccount(account.did, account.replay.records(request.bank))
  }
  for (;;) {
    const page = await deps.stores.replays.done(request.since, last, pageJobs)
    if (page.length === 0) break
    const scans = await deps.stores.replays.scans(page.map(({ image }) => image.cid))
    for (const job of page) {
      const { did, uri, recordCid, cid } = job.image
      if (account?.did !== did) {
        await endAccount()
        account = { did, replay: new AccountReplay() }
      }
      const scan = scans.get(cid)
      counts.images += 1
      if (last?.image.uri !== uri || last.image.recordCid !== recordCid) counts.records += 1
      counts[kindOf(scan)] += 1
      if (scan?.kind === 'hashed' && !coversPlan(scan.plan, deps.plan)) counts.partly += 1
      account.replay.look(job.id)
      await lookAgain(deps, request, account.replay, job, scan)
      last = job
    }
    request.onProgress(counts.images, total)
  }
  await endAccount()
  const unseenEffects = (await deps.stores.replays.countStanding()) - seenEffects
  return tally.report({ ...counts, unseenEffects })
}

function kindOf(scan: HashedScan | UnscannableScan | undefined): 'hashed' | 'unscannable' | 'byCidAlone' {
  return scan?.kind ?? 'byCidAlone'
}

/** As `pipeline.ts` does it: by the CID's digest first, and by the hashes only where that settles nothing. */
async function findMatches(
  { matchHashes }: ReplayDeps,
  { image }: DoneJob,
  scan: HashedScan | UnscannableScan | undefined,
): Promise<readonly Match[]> {
  const digest: ImageHash = { type: 'sha256', value: sha256OfBlobCid(image.cid), quality: 100 }
  const share = { coin: shareOf(digest.value) }
  const known = await matchHashes([digest], share)
  if ((known.matches.length > 0 && known.isSettled) || scan?.kind !== 'hashed') return known.matches
  return (await matchHashes(scan.hashes, share)).matches
}

async function lookAgain(
  deps: ReplayDeps,
  { current, other }: ReplayRequest,
  replay: AccountReplay,
  job: DoneJob,
  scan: HashedScan | UnscannableScan | undefined,
): Promise<void> {
  const matches = await findMatches(deps, job, scan)
  if (matches.length === 0) return
  const { stores, src, now } = deps
  const { image } = job
  const quarantined = await stores.brakes.quarantined(matches.map(({ contentId }) => contentId))
  for (const called of findCalled(current, job, matches, quarantined)) replay.addCurrent(called)
  const called = findCalled(other, job, matches, quarantined)
  if (called.length === 0) return
  const history = await stores.labels.states(src, [image.uri, image.did])
  const acted = await stores.effects.ofImage(image)
  for (const effect of called) replay.addOther(effect, reasonAgainst(effect, { history, acted }, now))
}

/** Returns how many of an account's effects could be judged. */
async function addStanding(
  { stores }: ReplayDeps,
  { did, replay }: { readonly did: Did; readonly replay: AccountReplay },
): Promise<number> {
  let judged = 0
  let afterId = 0
  for (;;) {
    const page = await stores.replays.standing(did, afterId, pageEffects)
    for (const effect of page) if (replay.addStanding(effect)) judged += 1
    if (page.length < pageEffects) return judged
    afterId = page.at(-1)?.id ?? afterId
  }
}
