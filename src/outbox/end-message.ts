import type { OutboxEnd, OutboxMessage } from '../model/outbox.ts'
import type { AuditEntry } from '../store/audit-store.ts'
import type { Database, Stores } from '../store/database.ts'

/** Says what the end of a message means for what it carries out, in the transaction that ends it. A rejection undoes both. */
export type OnEnded = (stores: Stores, message: OutboxMessage, end: OutboxEnd) => Promise<void>

/** What ending needs. */
export type EndMessageDeps = {
  readonly database: Pick<Database, 'transaction'>
  readonly onEnded: OnEnded
  readonly now: () => Date
}

/** Ends a message that was tried, in one transaction with its audit row and what it means. */
export type EndMessage = (message: OutboxMessage, end: OutboxEnd) => Promise<void>

/** Returns the function that ends messages. Actions leave an audit row, `action.done` or `action.failed`; events do not. */
export function createEndMessage({ database, onEnded, now }: EndMessageDeps): EndMessage {
  return async (message, end) => {
    const at = now().toISOString()
    await database.transaction(async (stores) => {
      if (!(await stores.outbox.end(message.id, end, at))) return
      if (message.kind !== 'webhook') await stores.audit.append([auditOf(message, end, at)])
      await onEnded(stores, message, end)
    })
  }
}

function auditOf(
  { id, kind, target, event, subject, attempts }: OutboxMessage,
  end: OutboxEnd,
  at: string,
): AuditEntry {
  const action = end.state === 'done' ? 'action.done' : 'action.failed'
  const details = {
    message: id,
    target,
    kind,
    action: event,
    outcome: end.kind,
    how: end.words,
    attempts,
    reference: end.reference,
  }
  return { at, actor: 'harrier', action, subject, details }
}
