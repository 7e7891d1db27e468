import type { Cid } from '../model/ids.ts'
import type { SubjectAction } from '../model/target.ts'

const defs = 'tools.ozone.moderation.defs'
const hourMs = 3_600_000

/** Returns an action as an event of `tools.ozone.moderation.emitEvent`. */
export function eventOf(action: SubjectAction, now: Date): object {
  const event = { $type: `${defs}#${eventNames[action.kind]}`, comment: action.because }
  if (action.kind === 'report') return { ...event, reportType: action.reasonType }
  if (action.kind !== 'label') return event
  const { create: createLabelVals, negate: negateLabelVals, expiresAt } = action
  return {
    ...event,
    createLabelVals,
    negateLabelVals,
    ...(expiresAt && { durationInHours: hoursUntil(expiresAt, now) }),
  }
}

const eventNames = {
  takedown: 'modEventTakedown',
  restore: 'modEventReverseTakedown',
  report: 'modEventReport',
  divert: 'modEventDivert',
  label: 'modEventLabel',
} as const

/** What an event is about, as the Ozone has it. */
export type EventSubject = {
  readonly ref: object
  /** What statuses and events are asked for by. */
  readonly uri: string
  readonly blobs: readonly Cid[]
}

/** Returns what an action is about; undefined for a blob of which no record is known, which an Ozone cannot be told of. */
export function subjectOf({ subject }: SubjectAction): EventSubject | undefined {
  if (subject.kind === 'account') {
    const ref = { $type: 'com.atproto.admin.defs#repoRef', did: subject.did }
    return { ref, uri: subject.did, blobs: [] }
  }
  const { uri } = subject
  const cid = subject.kind === 'record' ? subject.cid : subject.recordCid
  if (uri === undefined || cid === undefined) return undefined
  const blobs = subject.kind === 'record' ? subject.blobs : [subject.cid]
  return { ref: { $type: 'com.atproto.repo.strongRef', uri, cid }, uri, blobs }
}

/** An Ozone counts in whole hours: a label ends no sooner than it was to. */
function hoursUntil(time: string, now: Date): number {
  return Math.max(1, Math.ceil((Date.parse(time) - now.getTime()) / hourMs))
}
