import type { Quotas } from '../model/brake.ts'
import type { ActingKind, StoredEffect } from '../model/effect.ts'
import type { AtUri, Did } from '../model/ids.ts'
import type { PolicyTierScope } from '../model/policy.ts'

/**
 * What another policy does to one effect. `more` and `less` are against the policy in force, `same` is called for by both, `tried`
 * only by a bank that is tried; `left` was done and stands, and no match calls for it any more.
 */
export const replayChanges = ['more', 'less', 'same', 'tried', 'left'] as const

/** One member of `replayChanges`. */
export type ReplayChange = (typeof replayChanges)[number]

/** One effect, and what becomes of it. */
export type ReplayedEffect = Pick<StoredEffect, 'kind' | 'target' | 'subject' | 'detail'> & {
  readonly change: ReplayChange
  /**
   * What was really done: `stands`, `withdrawn` where a person took it back, so that it is not done again, `none`.
   */
  readonly done: 'stands' | 'withdrawn' | 'none'
  /** What it is about. */
  readonly about: 'account' | 'record' | 'blob'
  readonly bank: string
  readonly contentId: number
  /** Bits. */
  readonly distance: number
  /** The tier of the policy that calls for it, or did; undefined for one that is left. */
  readonly tier: PolicyTierScope | undefined
}

/** A record about which something changes. */
export type ReplayedRecord = {
  readonly uri: AtUri
  readonly did: Did
  readonly effects: readonly ReplayedEffect[]
}

/** How many effects of a bank, a tier and a kind change how. */
export type ReplayTotal = Pick<ReplayedEffect, 'bank' | 'tier' | 'kind' | 'target' | 'detail' | 'about'> &
  Readonly<Record<ReplayChange, number>>

/** How many images were looked at, and by what. */
export type ReplayCoverage = {
  readonly images: number
  readonly records: number
  /** By their stored hashes. */
  readonly hashed: number
  /** By the SHA-256 that is their CID alone: they were never hashed, or their hashes are gone. */
  readonly byCidAlone: number
  /** Bytes that are no image, or none that can be decoded. */
  readonly unscannable: number
  /** Of the hashed, those whose hashes lack a look that the banks and settings of today ask for. */
  readonly partly: number
  /** Effects that stand and whose image was not looked at: it was seen before. */
  readonly unseenEffects: number
}

/** What a policy would have done. */
export type ReplayReport = {
  /** Effects by what becomes of them. */
  readonly effects: Readonly<Record<ReplayChange, number>>
  /** Accounts with an effect of that change. */
  readonly accounts: Readonly<Record<ReplayChange, number>>
  /** Of what is more: takedowns, and effects about whole accounts. */
  readonly moreTakedowns: number
  readonly moreAboutAccounts: number
  /** What stands and is called for no more, less or left: it stands until somebody restores it. */
  readonly standingUncalled: number
  /** Of what is more or the same, what a person took back, so that it stays undone. */
  readonly withdrawn: number
  /** Of what the policy calls for: held because the content is in quarantine; of all banks. */
  readonly quarantined: number
  /** What would have been beyond the day's quota, of each kind that has one, under this policy and under the one in force; of all banks. */
  readonly heldByQuota: readonly {
    readonly kind: ActingKind
    readonly quota: number
    readonly held: number
    readonly heldNow: number
  }[]
  readonly coverage: ReplayCoverage
  /** By bank, then by how much changes. */
  readonly totals: readonly ReplayTotal[]
  /** The first that change, by account and record. */
  readonly records: readonly ReplayedRecord[]
  /** All that change. */
  readonly changedRecords: number
}

/** Counts what becomes of effects. Its size follows from the policies and the days, and not from how much is counted. */
export class ReplayTally {
  readonly #limit: number
  readonly #quotas: Quotas
  readonly #effects = noChanges()
  readonly #accounts = noChanges()
  readonly #totals = new Map<string, ReplayTotal & Record<ReplayChange, number>>()
  readonly #perDay = { current: new Map<string, number>(), other: new Map<string, number>() }
  readonly #records: ReplayedRecord[] = []
  #changedRecords = 0
  #moreTakedowns = 0
  #moreAboutAccounts = 0
  #standingUncalled = 0
  #withdrawn = 0
  #quarantined = 0

  constructor(quotas: Quotas, limit: number) {
    this.#quotas = quotas
    this.#limit = limit
  }

  /** Counts an effect that is called for on a day (`2026-01-31`), by the policy in force or by the other. */
  spend(policy: 'current' | 'other', kind: ActingKind, day: string): void {
    const days = this.#perDay[policy]
    days.set(`${kind} ${day}`, (days.get(`${kind} ${day}`) ?? 0) + 1)
  }

  quarantine(): void {
    this.#quarantined += 1
  }

  /** Takes the records of one account, all that there are of it. */
  addAccount(did: Did, records: ReadonlyMap<AtUri, readonly ReplayedEffect[]>): void {
    const seen = new Set<ReplayChange>()
    for (const [uri, effects] of records) {
      for (const effect of effects) {
        seen.add(effect.change)
        this.#count(effect)
      }
      const changed = effects.filter(({ change }) => change !== 'same')
      if (changed.length === 0) continue
      this.#changedRecords += 1
      if (this.#records.length < this.#limit) this.#records.push({ uri, did, effects: changed })
    }
    for (const change of seen) this.#accounts[change] += 1
  }

  #count(effect: ReplayedEffect): void {
    const { change, kind, bank, tier, target, detail, about, done } = effect
    this.#effects[change] += 1
    if (change === 'more' && kind === 'takedown') this.#moreTakedowns += 1
    if (change === 'more' && about === 'account') this.#moreAboutAccounts += 1
    if ((change === 'less' || change === 'left') && done === 'stands') this.#standingUncalled += 1
    if ((change === 'more' || change === 'same') && done === 'withdrawn') this.#withdrawn += 1
    const key = JSON.stringify([bank, tier, kind, target, detail, about])
    const total = this.#totals.get(key) ?? { bank, tier, kind, target, detail, about, ...noChanges() }
    total[change] += 1
    this.#totals.set(key, total)
  }

  report(coverage: ReplayCoverage): ReplayReport {
    return {
      effects: this.#effects,
      accounts: this.#accounts,
      moreTakedowns: this.#moreTakedowns,
      moreAboutAccounts: this.#moreAboutAccounts,
      standingUncalled: this.#standingUncalled,
      withdrawn: this.#withdrawn,
      quarantined: this.#quarantined,
      heldByQuota: Object.entries(this.#quotas).map(([kind, quota]) => ({
        kind: kind as ActingKind,
        quota,
        held: beyond(this.#perDay.other, kind, quota),
        heldNow: beyond(this.#perDay.current, kind, quota),
      })),
      coverage,
      totals: [...this.#totals.values()].toSorted(
        (a, b) => a.bank.localeCompare(b.bank, 'en') || changesOf(b) - changesOf(a),
      ),
      records: this.#records,
      changedRecords: this.#changedRecords,
    }
  }
}

function noChanges(): Record<ReplayChange, number> {
  return { more: 0, less: 0, same: 0, tried: 0, left: 0 }
}

function changesOf({ more, less, left }: ReplayTotal): number {
  return more + less + left
}

function beyond(perDay: ReadonlyMap<string, number>, kind: string, quota: number): number {
  return [...perDay]
    .filter(([key]) => key.startsWith(`${kind} `))
    .reduce((sum, [, effects]) => sum + Math.max(0, effects - quota), 0)
}
