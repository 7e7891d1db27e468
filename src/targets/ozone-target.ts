import { z } from 'zod'
import type { AtUri, Cid, Did } from '../model/ids.ts'
import { type ActionTarget, actionsOfKind, type TargetAction, type TargetOutcome } from '../model/target.ts'
import type { XrpcAnswer } from './call-xrpc.ts'
import { isOurs, modToolOf } from './mod-tool.ts'
import { bodyOf, errorOf, isDone, outcomeOfFailure } from './outcome-of.ts'
import { eventOf, subjectOf } from './ozone-event.ts'
import type { ServiceCaller } from './service-caller.ts'

/** What the target of an Ozone needs. */
export type OzoneTargetDeps = {
  readonly caller: ServiceCaller
  readonly labeler: Did
  readonly now: () => Date
  /** Returns the version of a record that its host has now; undefined when the host does not say. */
  readonly versionOf: (uri: AtUri, signal: AbortSignal) => Promise<Cid | undefined>
}

/** Which Ozone. */
export type OzoneAddress = { readonly id: string; readonly did: Did }

const emitted = z.object({ id: z.int() })
const statuses = z.object({
  subjectStatuses: z.array(
    z.object({ takendown: z.boolean().optional(), subjectBlobCids: z.array(z.string()).optional() }),
  ),
})
const events = z.object({
  events: z.array(z.object({ event: z.object({ $type: z.string() }), modTool: z.unknown().optional() })),
})
const config = z.object({ viewer: z.object({ role: z.string() }) })

const takedownType = 'tools.ozone.moderation.defs#modEventTakedown'
const divertType = 'tools.ozone.moderation.defs#modEventDivert'
const reverseType = 'tools.ozone.moderation.defs#modEventReverseTakedown'

/**
 * Returns an Ozone in which we are a moderator as a target (`tools.ozone.moderation.emitEvent`). Ozone takes one event of a
 * kind with the same `externalId` about a subject, so that an event may be sent again. A takedown is done when the subject's
 * status says so, with the blobs; a restore is of a takedown whose last event is ours.
 */
export function createOzoneTarget(deps: OzoneTargetDeps, { id, did }: OzoneAddress): ActionTarget {
  return {
    id,
    kind: 'ozone',
    can: actionsOfKind.ozone,
    at: did,
    async carryOut(action, { signal }) {
      const subject = subjectOf(action)
      if (subject === undefined)
        return {
          kind: 'refused',
          words: 'an Ozone knows a blob by a record that shows it, and none is named',
        }
      if (action.kind === 'restore') {
        const standing = await whyNotRestore(deps, subject.uri, signal)
        if (standing) return standing
      }
      if (action.kind === 'divert') {
        const before = await whyNotDivert(deps, action, subject, signal)
        if (before) return before
      }
      const changed = await whyNotTakeDown(deps, action, signal)
      if (changed) return changed
      const answer = await emit(deps, action, subject, signal)
      return await outcomeOf(deps, action, subject, answer, signal)
    },
    async check(signal) {
      const answer = await deps.caller.call({ nsid: 'tools.ozone.server.getConfig' }, signal)
      const { data } = config.safeParse(bodyOf(answer))
      if (!isDone(answer) || !data) return [wrongOf(answer)]
      return /#role(?:Admin|Moderator)$/.test(data.viewer.role)
        ? []
        : [
            `The account is ${data.viewer.role.split('#')[1]} there, which may report and nothing else: have it made a moderator`,
          ]
    },
  }
}

type Subject = NonNullable<ReturnType<typeof subjectOf>>

async function emit(
  { caller, labeler, now }: OzoneTargetDeps,
  action: TargetAction,
  { ref, blobs }: Subject,
  signal: AbortSignal,
): Promise<XrpcAnswer> {
  const input = {
    event: eventOf(action, now()),
    subject: ref,
    subjectBlobCids: blobs,
    // A moderator's is taken from who signs; an admin has to say.
    createdBy: caller.actor() ?? labeler,
    modTool: modToolOf(action, labeler),
    externalId: action.externalId,
  }
  return await caller.call({ nsid: 'tools.ozone.moderation.emitEvent', input }, signal)
}

/**
 * A takedown is of the record in every version. Undefined when its host has what matched, and when the host does not say: it
 * may be the offender's own.
 */
async function whyNotTakeDown(
  { versionOf }: OzoneTargetDeps,
  { kind, subject }: TargetAction,
  signal: AbortSignal,
): Promise<TargetOutcome | undefined> {
  if ((kind !== 'takedown' && kind !== 'divert') || subject.kind === 'account' || !subject.uri)
    return undefined
  const matched = subject.kind === 'record' ? subject.cid : subject.recordCid
  const cid = await versionOf(subject.uri, signal)
  return cid === undefined || cid === matched
    ? undefined
    : { kind: 'refused', words: 'the record was written anew, and is no longer what matched' }
}

/** Undefined when the event is not there. An Ozone sends the blobs of a divert before it looks whether it has the event. */
async function whyNotDivert(
  deps: OzoneTargetDeps,
  { externalId }: TargetAction,
  subject: Subject,
  signal: AbortSignal,
): Promise<TargetOutcome | undefined> {
  const params = { subject: subject.uri, types: divertType, batchId: externalId, limit: '100' }
  const answer = await deps.caller.call({ nsid: 'tools.ozone.moderation.queryEvents', params }, signal)
  if (!isDone(answer)) return outcomeOfFailure(answer)
  const { data } = events.safeParse(bodyOf(answer))
  if (!data) return { kind: 'failed', words: 'the Ozone answered with something else than events' }
  if (!data.events.some(({ modTool }) => isOurs(modTool, deps.labeler, externalId))) return undefined
  const held = await isHeld(deps, subject, signal)
  if (held === true) return { kind: 'already', words: 'diverted before' }
  return held || { kind: 'refused', words: 'diverted, and not taken down with all of its images' }
}

/** Undefined when the takedown that stands is ours. */
async function whyNotRestore(
  { caller, labeler }: OzoneTargetDeps,
  subject: string,
  signal: AbortSignal,
): Promise<TargetOutcome | undefined> {
  const params = { subject, types: [takedownType, reverseType], limit: '1' }
  const answer = await caller.call({ nsid: 'tools.ozone.moderation.queryEvents', params }, signal)
  if (!isDone(answer)) return outcomeOfFailure(answer)
  const { data } = events.safeParse(bodyOf(answer))
  if (!data) return { kind: 'failed', words: 'the Ozone answered with something else than events' }
  const last = data.events[0]
  if (last?.event.$type !== takedownType) return { kind: 'already', words: 'not taken down' }
  return isOurs(last.modTool, labeler)
    ? undefined
    : { kind: 'already', words: 'taken down by others, and left so' }
}

async function outcomeOf(
  deps: OzoneTargetDeps,
  { kind }: TargetAction,
  subject: Subject,
  answer: XrpcAnswer,
  signal: AbortSignal,
): Promise<TargetOutcome> {
  if (errorOf(answer) === 'DuplicateExternalId') return { kind: 'already', words: 'the event is there' }
  const message = answer.kind === 'answered' ? answer.message : ''
  if (kind === 'restore' && message === 'Subject is not taken down')
    return { kind: 'already', words: 'not taken down' }
  const wasDown = message === 'Subject is already taken down'
  if (wasDown && kind === 'divert') return { kind: 'done', words: 'diverted; it was taken down before' }
  if (wasDown) {
    const held = await isHeld(deps, subject, signal)
    if (held !== true)
      return held || { kind: 'refused', words: 'taken down by others, without all of its images' }
    return { kind: 'already', words: 'taken down before' }
  }
  if (!isDone(answer)) return outcomeOfFailure(answer)
  const { data } = emitted.safeParse(bodyOf(answer))
  // The next try is told that the event is there, if it is.
  if (!data) return { kind: 'failed', words: 'the Ozone answered with something else than an event' }
  if (kind === 'takedown') {
    const held = await isHeld(deps, subject, signal)
    if (held !== true)
      return held || { kind: 'failed', words: 'the Ozone has the event, and not the takedown' }
  }
  return { kind: 'done', words: 'event taken', reference: String(data.id) }
}

/** True when the subject is taken down with all its blobs, false when not; an outcome when that cannot be asked now. */
async function isHeld(
  { caller }: OzoneTargetDeps,
  { uri, blobs }: Subject,
  signal: AbortSignal,
): Promise<boolean | TargetOutcome> {
  const nsid = 'tools.ozone.moderation.queryStatuses'
  const answer = await caller.call({ nsid, params: { subject: uri, limit: '1' } }, signal)
  if (!isDone(answer)) return outcomeOfFailure(answer)
  const { data } = statuses.safeParse(bodyOf(answer))
  if (!data) return { kind: 'failed', words: 'the Ozone answered with something else than statuses' }
  const [status] = data.subjectStatuses
  const held = new Set(status?.subjectBlobCids)
  return status?.takendown === true && blobs.every((blob) => held.has(blob))
}

function wrongOf(answer: XrpcAnswer): string {
  if (answer.kind !== 'answered')
    return `${answer.words}: see to the address, the account and its app password`
  const { status, message } = answer
  if (status === 401 || status === 403)
    return `The Ozone answered ${status} ${message}: have the account made a moderator there, or see to adminPassword`
  return `The Ozone answered ${status} ${message}: is did that of an Ozone?`
}
