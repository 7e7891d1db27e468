/**
 * The part of `app.ts` that acts on matches: what a decision looks back on, making it true, and following it up.
 */
import { type ApplyDeps, createApplyEffects } from './act/apply.ts'
import { createFollowUp, type FollowUp } from './act/follow-up.ts'
import type { Config } from './config/settings.ts'
import type { FloodLimits, Quotas } from './model/brake.ts'
import type { Did } from './model/ids.ts'
import type { ImageRef } from './model/image.ts'
import type { Match } from './model/match.ts'
import type { Policy } from './model/policy.ts'
import type { TargetFacts } from './model/target.ts'
import type { History, Stages } from './pipeline.ts'
import type { Announce, Database } from './store/database.ts'
import type { World } from './world.ts'

/** What acting needs. */
export type ActingDeps = {
  readonly config: Config
  /** The labeler. */
  readonly src: Did
  readonly policy: Policy
  readonly database: Database
  readonly targets: readonly TargetFacts[]
  readonly announce: Announce
  readonly world: Pick<World, 'now'>
  /** Called after labels or messages wait to leave. */
  readonly onChange: () => void
}

/** The stages that look back and act, and the loop that follows up. */
export type Acting = Pick<Stages, 'loadHistory' | 'applyEffects'> & {
  readonly followUp: FollowUp
  /** To be called after a person has changed what is held, or is to be undone. Never throws. */
  readonly onOrder: () => void
}

/** Returns what acts. */
export function createActing(deps: ActingDeps): Acting {
  const { config, src, policy, database, targets, announce, world, onChange } = deps
  const shared = { database, src, targets, announce, now: world.now }
  const applyDeps: ApplyDeps = { ...shared, quotas: quotasOf(config), flood: floodOf(config) }
  const followUp = createFollowUp({ ...shared, policy, quotas: quotasOf(config), onChange })
  return {
    loadHistory: (image, matches) => loadHistory(database, src, image, matches),
    applyEffects: createApplyEffects(applyDeps),
    followUp,
    onOrder() {
      followUp.wake()
      onChange()
    },
  }
}

/** Returns the quotas of the settings, in which 0 is none. */
export function quotasOf({ dailyLabels, dailyTakedowns, dailyReports }: Config): Quotas {
  return {
    ...(dailyLabels > 0 && { label: dailyLabels }),
    ...(dailyTakedowns > 0 && { takedown: dailyTakedowns }),
    ...(dailyReports > 0 && { report: dailyReports }),
  }
}

function floodOf({ floodMatches: least, floodFactor: factor }: Config): FloodLimits {
  return { least, factor }
}

async function loadHistory(
  { labels, effects, jobs, brakes }: Database,
  src: Did,
  image: ImageRef,
  matches: readonly Match[],
): Promise<History> {
  const takenDown = await effects.takenDownElsewhere(image.cid, image.did)
  const none = { history: [], acted: [], recordBlobs: [], quarantined: new Set<number>(), takenDown }
  if (matches.length === 0 && takenDown.length === 0) return none
  return {
    history: await labels.states(src, [image.uri, image.did]),
    acted: await effects.ofImage(image),
    recordBlobs: await jobs.blobsOf(image.uri, image.recordCid),
    quarantined:
      matches.length === 0
        ? none.quarantined
        : await brakes.quarantined(matches.map(({ contentId }) => contentId)),
    takenDown,
  }
}
