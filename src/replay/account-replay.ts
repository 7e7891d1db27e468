import type { StoredEffect, WithholdReason } from '../model/effect.ts'
import { effectKey } from '../model/effect.ts'
import type { AtUri } from '../model/ids.ts'
import { scopeOf } from '../model/policy.ts'
import type { CalledEffect } from './called-for.ts'
import type { ReplayChange, ReplayedEffect, ReplayTally } from './replay-report.ts'

/** What two policies call for in one account, by what makes effects the same. It holds what matched, not what was looked at. */
export class AccountReplay {
  /** By the policy in force. */
  readonly #current = new Map<string, CalledEffect>()
  /** By the other, each with why it would not be done now. */
  readonly #other = new Map<string, CalledEffect & { readonly against: WithholdReason | undefined }>()
  readonly #jobs = new Set<number>()
  readonly #standing: StoredEffect[] = []

  /** Notes that a job's image was looked at. */
  look(jobId: number): void {
    this.#jobs.add(jobId)
  }

  /** Takes what the policy in force calls for. */
  addCurrent(called: CalledEffect): void {
    keepFirst(this.#current, called)
  }

  /** Takes what the other calls for. */
  addOther(called: CalledEffect, against: WithholdReason | undefined): void {
    keepFirst(this.#other, { ...called, against })
  }

  /** Takes an effect that stands; false where neither its image was looked at nor another calls for it, so that it cannot be judged. */
  addStanding(effect: StoredEffect): boolean {
    const key = effectKey(effect)
    const isCalled = this.#current.has(key) || this.#other.has(key)
    if (!isCalled && !(effect.jobId !== undefined && this.#jobs.has(effect.jobId))) return false
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
    for (const called of this.#other.values()) {
      const done =
        called.against === undefined ? 'none' : called.against === 'withdrawn' ? 'withdrawn' : 'stands'
      put(called.image.uri, replayed(called, this.#changeOf(called), done))
    }
    const standing = new Set(this.#standing.map(effectKey))
    for (const called of this.#current.values()) {
      const other = this.#other.get(called.key)
      if (called.isTried || (other && !other.isTried)) continue
      put(called.image.uri, replayed(called, 'less', standing.has(called.key) ? 'stands' : 'none'))
    }
    for (const effect of this.#standing) {
      const left = this.#leftOver(effect)
      if (left !== undefined && effect.uri !== undefined) put(effect.uri, left)
    }
    return records
  }

  /** Tells the tally what each of the policies would have spent of its quotas, and what would be held. */
  spend(tally: ReplayTally): void {
    for (const called of this.#current.values())
      if (!called.isTried) tally.spend('current', called.kind, called.day)
    for (const called of this.#other.values()) {
      if (called.isTried) continue
      tally.spend('other', called.kind, called.day)
      if (called.isQuarantined) tally.quarantine()
    }
  }

  #changeOf(called: CalledEffect): ReplayChange {
    if (called.isTried) return 'tried'
    const current = this.#current.get(called.key)
    return current && !current.isTried ? 'same' : 'more'
  }

  /** What either policy calls for is told already; what a person asked for is left to the person. */
  #leftOver(effect: StoredEffect): ReplayedEffect | undefined {
    const key = effectKey(effect)
    const isCalled = [this.#current.get(key), this.#other.get(key)].some(
      (called) => called?.isTried === false,
    )
    const { cause, kind, target, subject, detail } = effect
    if (isCalled || cause === undefined) return undefined
    const { bank, contentId, distance } = cause
    const what = { kind, target, subject, about: aboutOf(subject), detail, bank, contentId, distance }
    return { change: 'left', done: 'stands', ...what, tier: undefined }
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
