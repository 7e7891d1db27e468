import type { StoredEffect } from '../model/effect.ts'
import type { Database, Stores } from '../store/database.ts'
import { type PieceUndone, type TakeBackDeps, type TakenBack, takeBack, takeBackOfBank } from './reverse.ts'

/** What a person has restored. */
export type Restored = {
  readonly effects: readonly StoredEffect[]
  /** Values that were withdrawn though no effect stood behind them: given by hand, or before effects were kept. */
  readonly values: readonly string[]
}

/** Undoing all that was done about a subject, or because of a bank. Every call is one transaction with its audit rows. */
export interface Restoring {
  /** Undoes everything that stands about a subject; where that is the whole of it, labels that were given by hand too. */
  restore(taken: TakenBack): Promise<Restored>
  /**
   * Undoes a piece of what goes back to a bank, after an effect: what other banks call for stands. As long as the bank is there a
   * person's judgement keeps it from doing the same again; what falls with a removed bank may be done again for another.
   */
  restoreOfBank(
    bank: { readonly id: number; readonly isRemoved: boolean },
    afterId: number,
  ): Promise<PieceUndone>
}

/** What restoring needs. */
export type RestoringDeps = TakeBackDeps & {
  readonly database: Pick<Database, 'transaction'>
  /** Who asks, as the audit has it. */
  readonly actor: string
  readonly now: () => Date
}

/** Returns what a person can restore, as one actor. */
export function createRestoring(deps: RestoringDeps): Restoring {
  const { database, actor } = deps
  const nowText = () => deps.now().toISOString()
  return {
    restore: (taken) =>
      database.transaction(async (stores) => {
        const at = nowText()
        const effects = await takeBack(stores, deps, taken, { because: 'restored', actor, at })
        const isWhole = taken.blob === undefined && taken.contentId === undefined
        const values = isWhole ? await withdrawOthers(stores, deps, taken.subject, effects, at) : []
        return { effects, values }
      }),
    restoreOfBank: ({ id: bankId, isRemoved }, afterId) =>
      database.transaction((stores) => {
        const because = isRemoved ? 'hash-withdrawn' : 'restored'
        const undoing = { because, actor, at: nowText() } as const
        return takeBackOfBank(stores, deps, { bankId, afterId }, undoing)
      }),
  }
}

/** Withdraws the labels of a subject that no effect stands behind, and returns their values. */
async function withdrawOthers(
  stores: Stores,
  { src, actor }: RestoringDeps,
  uri: TakenBack['subject'],
  undone: readonly StoredEffect[],
  at: string,
): Promise<string[]> {
  const known = undone.flatMap(({ kind, subject, detail }) =>
    kind === 'label' && subject === uri ? [detail] : [],
  )
  const values: string[] = []
  for (const { val, exp, isNegated } of await stores.labels.states(src, [uri])) {
    if (isNegated || (exp !== undefined && exp <= at) || known.includes(val)) continue
    const origin = { actor, jobId: undefined, atMs: Date.parse(at) }
    await stores.emissions.put(src, { uri, val, neg: true, priority: 'urgent' }, origin)
    await stores.audit.append([{ at, actor, action: 'label.restored', subject: uri, details: { val } }])
    values.push(val)
  }
  return values
}
