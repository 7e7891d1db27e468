import type { OutboxMessage } from '../model/outbox.ts'
import type { ActionTarget, TargetFacts } from '../model/target.ts'
import type { Database } from '../store/database.ts'

/** A target as the operator sees it, without secrets. */
export type TargetSummary = Omit<TargetFacts, 'can'> & {
  readonly can: readonly string[]
  /** Actions that wait or are on their way, and dead letters. */
  readonly waiting: number
  readonly dead: number
  /** The action that has waited longest, with how its last try ended; undefined when none waits. */
  readonly oldest: Pick<OutboxMessage, 'id' | 'createdAt' | 'attempts' | 'outcome' | 'runAfter'> | undefined
}

/** What the operator asks of targets. */
export interface TargetDesk {
  list(): Promise<TargetSummary[]>
  /** Asks a target whether it can be reached with the authority it needs. Returns what is wrong, a sentence each; undefined when there is none of that id. */
  check(id: string, signal: AbortSignal): Promise<readonly string[] | undefined>
}

/** Returns what the operator asks of targets. */
export function createTargetDesk({
  targets,
  database: { outbox },
}: {
  readonly targets: readonly ActionTarget[]
  readonly database: Pick<Database, 'outbox'>
}): TargetDesk {
  async function summaryOf({ id, kind, at, can }: ActionTarget): Promise<TargetSummary> {
    const { pending: waiting, dead } = await outbox.counts({ kinds: [kind], target: id })
    const oldest = await outbox.oldestOf({ kind, target: id })
    return { id, kind, at, can: [...can], waiting, dead, oldest }
  }
  return {
    list: () => Promise.all(targets.map(summaryOf)),
    async check(id, signal) {
      return await targets.find((target) => target.id === id)?.check(signal)
    },
  }
}
