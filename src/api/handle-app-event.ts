import { AppError } from '../lib/errors.ts'
import { webhookCallerId } from '../model/api-action.ts'
import type { Did } from '../model/ids.ts'
import { parseAtUri, parseDid, type SubjectUri } from '../model/ids.ts'
import type { AppEvent } from '../model/webhook.ts'
import type { AuditEntry } from '../store/audit-store.ts'
import type { Announce, Database, Stores } from '../store/database.ts'
import { profileOf } from './profile-of.ts'
import type { TakeActionDeps } from './take-action.ts'

/** What handling needs. */
export type HandleAppEventDeps = {
  readonly database: Pick<Database, 'transaction' | 'labels'>
  /** The labeler. */
  readonly src: Did
  readonly publish: TakeActionDeps['publish']
  readonly announce: Announce
  /** Called after an image was queued; must not throw. */
  readonly onImage: () => void
  /** Told of a kind of event that is not known. */
  readonly onUnknown: (type: string) => void
  readonly now: () => Date
}

const actor = 'webhook'

/**
 * Takes in what an app tells, once: an image is queued, durably, and looked at later; a moderator's reversal withdraws the
 * labels and the match; everything leaves a line in the audit log.
 * @throws {AppError} `conflict` when the delivery was processed before.
 */
export async function handleAppEvent(deps: HandleAppEventDeps, event: AppEvent): Promise<void> {
  switch (event.kind) {
    case 'image':
      await queueImage(deps, event)
      return deps.onImage()
    case 'moderation':
      return await takeDecision(deps, event)
    case 'result': {
      const details = { ...event.result }
      return await record(deps, event.deliveryId, {
        action: 'webhook.result',
        subject: event.contentId,
        details,
      })
    }
    case 'other':
      deps.onUnknown(event.type)
      return await record(deps, event.deliveryId, {
        action: 'webhook.unknown',
        subject: 'webhook',
        details: { event: event.type },
      })
  }
}

async function queueImage(
  { database, now }: HandleAppEventDeps,
  { deliveryId, contentId, imageUrl: url }: Extract<AppEvent, { kind: 'image' }>,
): Promise<void> {
  await database.transaction(async ({ announcedImages, audit }) => {
    const at = now().toISOString()
    if (!(await announcedImages.add({ deliveryId, contentId, url }, at))) throw processed()
    await audit.append([{ at, actor, action: 'image.announced', subject: contentId, details: {} }])
  })
}

/** Labels go first and the record of the event last: a crash between them repeats what is harmless. */
async function takeDecision(
  deps: HandleAppEventDeps,
  { deliveryId, contentId, action, isReversal }: Extract<AppEvent, { kind: 'moderation' }>,
): Promise<void> {
  const withdrawn = isReversal ? await withdrawLabels(deps, contentId) : 0
  const details = { action, isReversal, ...(isReversal ? { withdrawn } : {}) }
  const entry = { action: 'webhook.moderation-action', subject: contentId, details }
  await record(deps, deliveryId, entry, async (stores, at) => {
    if (!isReversal) return
    await stores.announcedImages.reverse(contentId)
    // What was recorded of an id of the app's own is superseded by this.
    const undone = {
      actionId: `reversal-${deliveryId}`,
      type: 'log',
      contentId,
      details: 'Reversed',
      at,
    } as const
    await stores.apiActions.add(webhookCallerId, undone)
    // Each label that was withdrawn has told of itself.
    const told = { type: 'review_decided', contentId, decision: 'reversed', actor } as const
    if (withdrawn === 0) await deps.announce(stores, [told], at)
  })
}

/** Withdraws our labels from a record, or from an account and its profile. Returns how many values were withdrawn. */
async function withdrawLabels(
  { database, src, publish }: HandleAppEventDeps,
  contentId: string,
): Promise<number> {
  const did = parseDid(contentId)
  const subjects: SubjectUri[] = did ? [did, profileOf(did)] : [parseAtUri(contentId) ?? []].flat()
  if (subjects.length === 0) return 0
  const standing = (await database.labels.states(src, subjects)).filter(({ isNegated }) => !isNegated)
  for (const { uri, val } of standing) await publish({ uri, val, neg: true, priority: 'urgent' }, actor)
  return standing.length
}

/** Records a delivery, so that it is processed once, with its audit row and whatever belongs to it. */
async function record(
  { database, now }: HandleAppEventDeps,
  deliveryId: string,
  entry: Pick<AuditEntry, 'action' | 'subject' | 'details'>,
  more: (stores: Stores, at: string) => Promise<void> = async () => undefined,
): Promise<void> {
  await database.transaction(async (stores) => {
    const at = now().toISOString()
    if (await stores.apiActions.find(webhookCallerId, deliveryId)) throw processed()
    // Under a name of its own: what is known of a content by its actions is not changed by a line in the log.
    const taken = {
      actionId: deliveryId,
      type: 'log',
      contentId: 'webhook',
      details: entry.action,
      at,
    } as const
    await stores.apiActions.add(webhookCallerId, taken)
    await stores.audit.append([{ at, actor, ...entry }])
    await more(stores, at)
  })
}

function processed(): AppError {
  return new AppError('conflict', 'Expected a new delivery: this one was processed')
}
