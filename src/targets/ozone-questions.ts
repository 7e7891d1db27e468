import { z } from 'zod'
import type { AtUri, Cid, Did } from '../model/ids.ts'
import type { SubjectAction, TargetOutcome } from '../model/target.ts'
import { isOurs } from './mod-tool.ts'
import { bodyOf, isDone, outcomeOfFailure } from './outcome-of.ts'
import type { EventSubject } from './ozone-event.ts'
import type { ServiceCaller } from './service-caller.ts'

/** How an Ozone is asked, and by whom. */
export type OzoneDeps = {
  readonly caller: ServiceCaller
  readonly labeler: Did
  readonly now: () => Date
  /** Returns the version of a record that its host has now; undefined when the host does not say. */
  readonly versionOf: (uri: AtUri, signal: AbortSignal) => Promise<Cid | undefined>
}

const statuses = z.object({
  subjectStatuses: z.array(
    z.object({ takendown: z.boolean().optional(), subjectBlobCids: z.array(z.string()).optional() }),
  ),
})
const events = z.object({
  events: z.array(z.object({ event: z.object({ $type: z.string() }), modTool: z.unknown().optional() })),
})

const takedownType = 'tools.ozone.moderation.defs#modEventTakedown'
const divertType = 'tools.ozone.moderation.defs#modEventDivert'
const reverseType = 'tools.ozone.moderation.defs#modEventReverseTakedown'

/**
 * Returns why a record is not to be taken down: a takedown is of every version, and its host has another than matched. Undefined
 * when there is no reason, and when the host does not say: it may be the offender's own.
 */
export async function whyNotTakeDown(
  { versionOf }: OzoneDeps,
  { kind, subject }: SubjectAction,
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

/**
 * Returns why nothing is to be diverted: the event is there. Undefined when it is not. An Ozone sends the blobs of a divert before
 * it looks whether it has the event.
 */
export async function whyNotDivert(
  deps: OzoneDeps,
  { externalId }: SubjectAction,
  subject: EventSubject,
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

/** Returns why nothing is to be given back: no takedown stands, or one of others. Undefined when the one that stands is ours. */
export async function whyNotRestore(
  { caller, labeler }: OzoneDeps,
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

/** Resolves to true when the subject is taken down with all its blobs, false when not; an outcome when that cannot be asked now. */
export async function isHeld(
  { caller }: OzoneDeps,
  { uri, blobs }: EventSubject,
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
