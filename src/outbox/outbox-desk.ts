import { type OutboxEnd, type OutboxMessage, type OutboxState, type OutboxWanted } from '../model/outbox.ts'
import { type TargetKind, targetKinds } from '../model/target.ts'
import type { Database, Stores } from '../store/database.ts'
import type { OnEnded } from './end-message.ts'

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
  /** Messages of other kinds are not there for it; every kind unless told. */
  readonly kinds?: readonly TargetKind[]
  /** Called after a message was put back; must not throw. */
  readonly onRetry: () => void
  /** Says what it means that a message was dropped, in that transaction. */
  readonly onEnded: OnEnded
  /** Says what it means that a message is to be sent again, in that transaction. */
  readonly onRevived: (stores: Stores, message: OutboxMessage) => Promise<void>
}

const dropped: OutboxEnd = { state: 'dropped', kind: 'dropped', words: 'given up by a person' }

/** Returns what the operator does with the outbox. */
export function createOutboxDesk(deps: OutboxDeskDeps): OutboxDesk {
  const { database, now, onRetry, kinds = targetKinds } = deps

  async function find({ outbox }: Pick<Stores, 'outbox'>, id: number): Promise<OutboxMessage | undefined> {
    const message = await outbox.find(id)
    return message && kinds.includes(message.kind) ? message : undefined
  }

  async function change(id: number, actor: string, verb: 'retried' | 'dropped'): Promise<boolean> {
    return await database.transaction(async (stores) => {
      const { outbox, audit } = stores
      const at = now()
      const message = await find(stores, id)
      if (!message) return false
      const isDone =
        verb === 'retried' ? await outbox.revive(id, at.getTime()) : await outbox.drop(id, at.toISOString())
      if (!isDone) return false
      const { subject, event, kind, target, messageId, state: was } = message
      const details = { message: id, event, kind, target, messageId, was }
      await audit.append([{ at: at.toISOString(), actor, action: `outbox.${verb}`, subject, details }])
      if (verb === 'retried') await deps.onRevived(stores, message)
      else await deps.onEnded(stores, message, dropped)
      return true
    })
  }

  return {
    list: (wanted) => database.outbox.list({ kinds, ...wanted }),
    find: (id) => find(database, id),
    counts: () => database.outbox.counts({ kinds }),
    async retry(id, actor) {
      const isDone = await change(id, actor, 'retried')
      if (isDone) onRetry()
      return isDone
    },
    drop: (id, actor) => change(id, actor, 'dropped'),
  }
}
