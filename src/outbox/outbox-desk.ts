import type { OutboxMessage, OutboxState, OutboxWanted } from '../model/outbox.ts'
import type { Database } from '../store/database.ts'

/** What the operator sees of the outbox, and does. Every change is one transaction with its audit row. */
export interface OutboxDesk {
  list(wanted: OutboxWanted): Promise<OutboxMessage[]>
  find(id: number): Promise<OutboxMessage | undefined>
  counts(): Promise<Readonly<Record<OutboxState, number>>>
  /** Has a message sent now, from the first attempt on, under its old id; one that has ended again. False when there is none such. */
  retry(id: number, actor: string): Promise<boolean>
  /** Gives up a message that was not delivered. False when there is none such. */
  drop(id: number, actor: string): Promise<boolean>
}

/** What it needs. */
export type OutboxDeskDeps = {
  readonly database: Pick<Database, 'outbox' | 'transaction'>
  readonly now: () => Date
  /** Called after a message was put back; must not throw. */
  readonly onRetry: () => void
}

/** Returns what the operator does with the outbox. */
export function createOutboxDesk({ database, now, onRetry }: OutboxDeskDeps): OutboxDesk {
  async function change(id: number, actor: string, verb: 'retried' | 'dropped'): Promise<boolean> {
    return await database.transaction(async ({ outbox, audit }) => {
      const at = now()
      const message = await outbox.find(id)
      const isDone =
        verb === 'retried' ? await outbox.revive(id, at.getTime()) : await outbox.drop(id, at.toISOString())
      if (!message || !isDone) return false
      const { subject, event, target, messageId, state: was } = message
      const details = { message: id, event, target, messageId, was }
      await audit.append([{ at: at.toISOString(), actor, action: `outbox.${verb}`, subject, details }])
      return true
    })
  }

  return {
    list: (wanted) => database.outbox.list(wanted),
    find: (id) => database.outbox.find(id),
    counts: () => database.outbox.counts(),
    async retry(id, actor) {
      const isDone = await change(id, actor, 'retried')
      if (isDone) onRetry()
      return isDone
    },
    drop: (id, actor) => change(id, actor, 'dropped'),
  }
}
