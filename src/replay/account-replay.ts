import type { StoredEffect, WithholdReason } from '../model/effect.ts'
import { effectKey } from '../model/effect.ts'
import type { AtUri } from '../model/ids.ts'
import { scopeOf } from '../model/policy.ts'
import type { CalledEffect } from './called-for.ts'
import type { ReplayChange, ReplayedEffect, ReplayTally } from './replay-report.ts'

/** What two policies call for in one account, by what makes effects the same. It holds what matched, not what was looked at. */
export class AccountReplay {
  /** By the policy in force. */
  readonly #now = new Map<string, CalledEffect>()
  /** By the other, each with why it would not be done now. */
  readonly #then = new Map<string, CalledEffect & { readonly against: WithholdReason | undefined }>()
  readonly #jobs = new Set<number>()
  readonly #standing: StoredEffect[] = []

  /** Notes that a job's image was looked at. */
  look(jobId: number): void {
    this.#jobs.add(jobId)
  }

  /** Takes what the policy in force calls for. */
  addNow(called: CalledEffect): void {
    keepFirst(this.#now, called)
  }

  /** Takes what the other calls for. */
  addThen(called: CalledEffect, against: WithholdReason | undefined): void {
    keepFirst(this.#then, { ...called, against })
  }

  /** Takes an effect that stands; true where its image was looked at, so that it can be judged. */
  addStanding(effect: StoredEffect): boolean {
    if (effect.jobId === undefined || !this.#jobs.has(effect.jobId)) return false
    this.#standing.push(effect)
    return true
  }

  /** Returns what becomes of every effect, by record, those of one bank alone where it is named. */
  records(bank: string | undefined): ReadonlyMap<AtUri, readonly ReplayedEffect[]> {
    const records = new Map<AtUri, ReplayedEffect[]>()
    const put = (uri: AtUri, effect: ReplayedEffect): void => {
      if (bank !== undefined && effect.bank !== bank) return
      records.set(uri, [...(records.get(uri) ?? []), effect])
    }
    for (const called of this.#then.values()) {
      const done =
        called.against === undefined ? 'none' : called.against === 'withdrawn' ? 'withdrawn' : 'stands'
      put(called.image.uri, replayed(called, this.#changeOf(called), done))
    }
    const standing = new Set(this.#standing.map(effectKey))
    for (const called of this.#now.values()) {
      const then = this.#then.get(called.key)
      if (called.isTried || (then && !then.isTried)) continue
      put(called.image.uri, replayed(called, 'less', standing.has(called.key) ? 'stands' : 'none'))
    }
    for (const effect of this.#standing) {
      const then = this.#then.get(effectKey(effect))
      const { uri, cause, kind, target, subject, detail } = effect
      // What the policy in force still calls for is told as less, and that it stands.
      const isTold = (then && !then.isTried) || this.#isCalledNow(effect)
      if (isTold || uri === undefined || cause === undefined) continue
      const { contentId, distance } = cause
      const what = {
        kind,
        target,
        subject,
        about: aboutOf(subject),
        detail,
        bank: cause.bank,
        contentId,
        distance,
      }
      put(uri, { change: 'left', done: 'stands', ...what, tier: undefined })
    }
    return records
  }

  /** Tells the tally what each of the policies would have spent of its quotas, and what would be held. */
  spend(tally: ReplayTally): void {
    for (const called of this.#now.values()) if (!called.isTried) tally.spend('now', called.kind, called.day)
    for (const called of this.#then.values()) {
      if (called.isTried) continue
      tally.spend('then', called.kind, called.day)
      if (called.isQuarantined) tally.quarantine()
    }
  }

  #changeOf(called: CalledEffect): ReplayChange {
    if (called.isTried) return 'tried'
    const now = this.#now.get(called.key)
    return now && !now.isTried ? 'same' : 'more'
  }

  #isCalledNow(effect: StoredEffect): boolean {
    return this.#now.get(effectKey(effect))?.isTried === false
  }
}

/** The first gives an effect its reason; one that acts takes the place of one that is only tried. */
function keepFirst<Called extends CalledEffect>(map: Map<string, Called>, called: Called): void {
  const known = map.get(called.key)
  if (known === undefined || (known.isTried && !called.isTried)) map.set(called.key, called)
}

function replayed(called: CalledEffect, change: ReplayChange, done: ReplayedEffect['done']): ReplayedEffect {
  const { kind, target, subject, detail, match } = called
  const tier = scopeOf(called.tier)
  const { bank, contentId, distance } = match
  return {
    change,
    done,
    kind,
    target,
    subject,
    about: aboutOf(subject),
    detail,
    bank,
    contentId,
    distance,
    tier,
  }
}

/** As `formatSubject` lists them. */
function aboutOf(subject: string): ReplayedEffect['about'] {
  if (!subject.startsWith('did:')) return 'record'
  return subject.includes('/') ? 'blob' : 'account'
}
