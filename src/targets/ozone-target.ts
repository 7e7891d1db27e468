import { z } from 'zod'
import type { Did } from '../model/ids.ts'
import type { ActionTarget, SubjectAction, TargetOutcome } from '../model/target.ts'
import type { XrpcAnswer } from './call-xrpc.ts'
import { modToolOf } from './mod-tool.ts'
import { bodyOf, errorOf, isDone, outcomeOfFailure } from './outcome-of.ts'
import { type EventSubject, eventOf, subjectOf } from './ozone-event.ts'
import { isHeld, type OzoneDeps, whyNotDivert, whyNotRestore, whyNotTakeDown } from './ozone-questions.ts'
import { createTarget } from './target.ts'

/** Which Ozone. */
export type OzoneAddress = { readonly id: string; readonly did: Did }

const emitted = z.object({ id: z.int() })
const config = z.object({ viewer: z.object({ role: z.string() }) })

/**
 * Returns an Ozone in which we are a moderator as a target (`tools.ozone.moderation.emitEvent`). Ozone takes one event of a
 * kind with the same `externalId` about a subject, so that an event may be sent again. A takedown is done when the subject's
 * status says so, with the blobs; a restore is of a takedown whose last event is ours.
 */
export function createOzoneTarget(deps: OzoneDeps, { id, did }: OzoneAddress): ActionTarget {
  return createTarget(
    { id, kind: 'ozone', at: did },
    {
      carryOut: (action, { signal }) => carryOut(deps, action, signal),
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
    },
  )
}

async function carryOut(deps: OzoneDeps, action: SubjectAction, signal: AbortSignal): Promise<TargetOutcome> {
  const subject = subjectOf(action)
  if (subject === undefined)
    return { kind: 'refused', words: 'an Ozone knows a blob by a record that shows it, and none is named' }
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
}

async function emit(
  { caller, labeler, now }: OzoneDeps,
  action: SubjectAction,
  { ref, blobs }: EventSubject,
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

async function outcomeOf(
  deps: OzoneDeps,
  { kind }: SubjectAction,
  subject: EventSubject,
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

function wrongOf(answer: XrpcAnswer): string {
  if (answer.kind !== 'answered')
    return `${answer.words}: see to the address, the account and its app password`
  const { status, message } = answer
  if (status === 401 || status === 403)
    return `The Ozone answered ${status} ${message}: have the account made a moderator there, or see to adminPassword`
  return `The Ozone answered ${status} ${message}: is did that of an Ozone?`
}
