import { AppError } from '../lib/errors.ts'
import {
  type ApiAction,
  type ApiActionRequest,
  type ApiActionType,
  actorOfCaller,
} from '../model/api-action.ts'
import type { Emission } from '../model/emission.ts'
import { parseAtUri, parseDid, type SubjectUri } from '../model/ids.ts'
import type { Announce, Database, Stores } from '../store/database.ts'
import { profileOf } from './profile-of.ts'

/** The label that takes content down, where AppViews follow the labeler. */
export const takedownVal = '!takedown'

/** What taking action needs. */
export type TakeActionDeps = {
  readonly database: Pick<Database, 'transaction' | 'apiActions'>
  /** Publishes a label, at once or through the queue, as whoever the audit is to name; one that holds is no error. */
  readonly publish: (label: Emission, actor: string) => Promise<unknown>
  /** The values that the policy declares. */
  readonly labels: readonly string[]
  /** Called after a review was opened or joined; must not throw. */
  readonly onReview: () => void
  /** Counts an action. Must not throw. */
  readonly onAction: (type: ApiAction['type']) => void
  /** Tells those who are to hear of it. */
  readonly announce: Announce
  readonly now: () => Date
}

/**
 * Does what a caller asks about content, once: the same action again is answered with the first.
 * @throws {AppError} `conflict` when the id was used for another action, or the policy does not declare the label that is
 * needed.
 */
export type TakeAction = (keyId: number, request: ApiActionRequest) => Promise<ApiAction>

/** Returns the doing. A label goes first and the record of the action last: a crash between them repeats what is harmless. */
export function createTakeAction(deps: TakeActionDeps): TakeAction {
  const { database, publish, labels, now } = deps

  return async (keyId, request) => {
    const { actionId, type, contentId } = request
    const known = await database.apiActions.find(keyId, actionId)
    if (known) return requireSame(known, request)
    const subject = parseAtUri(contentId) ?? parseDid(contentId)
    const actor = actorOfCaller(keyId)
    if (type === 'takedown' && subject !== undefined) {
      if (!labels.includes(takedownVal))
        throw new AppError('conflict', `Expected a policy that declares ${takedownVal} to take content down`)
      await publish({ uri: subject, val: takedownVal, priority: 'urgent' }, actor)
    }
    const at = now().toISOString()
    const done = await database.transaction((stores) => record(stores, deps, keyId, request, subject, at))
    if (done.review !== undefined) deps.onReview()
    deps.onAction(type)
    return done
  }
}

async function record(
  stores: Stores,
  { announce }: Pick<TakeActionDeps, 'announce'>,
  keyId: number,
  request: ApiActionRequest,
  subject: SubjectUri | undefined,
  at: string,
): Promise<ApiAction> {
  const { actionId, type, contentId, event, match } = request
  // Another request with the same id may have come first.
  const known = await stores.apiActions.find(keyId, actionId)
  if (known) return requireSame(known, request)
  const isForPerson = type === 'review' || type === 'report_ncmec'
  const review = isForPerson && subject ? await openReview(stores, subject, at) : undefined
  if (review !== undefined && type === 'report_ncmec') await stores.reviews.request(review, 'cybertip')
  const action: ApiAction = {
    actionId,
    type,
    contentId,
    details: detailsOf(type, subject, review),
    at,
    review,
  }
  await stores.apiActions.add(keyId, action)
  const actor = actorOfCaller(keyId)
  const requested = type === 'report_ncmec' ? { requested: 'cybertip' } : {}
  const details = {
    action: actionId,
    event,
    ...match,
    ...requested,
    ...(review === undefined ? {} : { review }),
  }
  await stores.audit.append([{ at, actor, action: `api.${type}`, subject: contentId, details }])
  // A label tells of itself; a line in the log is nothing that was done.
  if (isForPerson || (type === 'takedown' && subject === undefined))
    await announce(stores, [{ type: 'action_taken', contentId, action: type, review, actor }], at)
  return action
}

/** The review's own images are looked at as those of a report are. */
async function openReview(stores: Stores, subject: SubjectUri, at: string): Promise<number> {
  const uri = parseAtUri(subject)
  const did = parseDid(uri === undefined ? subject : uri.split('/')[2])
  if (did === undefined) throw new AppError('internal', 'Expected a subject with an account')
  const record = uri ?? profileOf(did)
  const { id, isNew } = await stores.reviews.open(subject, did, at)
  if (isNew) await stores.evidence.adopt(id)
  await stores.subjectFetches.add(id, record, undefined, Date.parse(at))
  return id
}

function requireSame(known: ApiAction, { type, contentId }: ApiActionRequest): ApiAction {
  if (known.type === type && known.contentId === contentId) return known
  throw new AppError('conflict', 'Expected a new action_id: this one was used for another action')
}

function detailsOf(type: ApiActionType, subject: SubjectUri | undefined, review: number | undefined): string {
  if (type === 'log') return 'Match logged successfully'
  const place = subject === undefined ? 'Recorded: match/status says so' : `Queued as review ${review}`
  const nameless = subject === undefined ? '; it names no account or record that could be reviewed here' : ''
  if (type === 'report_ncmec')
    return `${place}, with the wish for a CyberTip${nameless}. Nothing was sent to NCMEC: a person has to file it`
  if (type === 'review') return subject === undefined ? `${place}${nameless}` : 'Queued for review'
  return subject === undefined
    ? 'Recorded: match/status says so to whoever shows the content; it names no account or record that could be labeled'
    : `The label ${takedownVal} is published`
}
