import { z } from 'zod'
import type { Did } from '../model/ids.ts'
import type { ActionFor, ActionTarget, TargetOutcome, TargetSubject } from '../model/target.ts'
import type { XrpcAnswer } from './call-xrpc.ts'
import { isOurs, modToolOf } from './mod-tool.ts'
import { bodyOf, isDone, outcomeOfFailure, wordsOf } from './outcome-of.ts'
import type { ServiceCaller } from './service-caller.ts'
import { createTarget } from './target.ts'

/** What the target of a moderation service needs. */
export type ModerationTargetDeps = {
  readonly caller: ServiceCaller
  readonly labeler: Did
}

/** Which service. */
export type ModerationService = { readonly id: string; readonly did: Did }

type ReportAction = ActionFor<'moderation'>

const filed = z.object({ id: z.union([z.int(), z.string().max(100)]) })
const events = z.object({ events: z.array(z.object({ modTool: z.unknown().optional() })) })

/** How long a report that may be on its way still is waited for, before it is looked for again. */
const landingMs = 60_000
/** Who may not ask for events, or where there are none to ask for. */
const cannotAsk: ReadonlySet<number> = new Set([401, 403, 404, 405, 501])

/**
 * Returns a moderation service as a target for reports (`com.atproto.moderation.createReport`), through the host of the
 * account that reports. That method has no key by which a repeat is known. So, before a report is sent, the service is asked
 * for it, where we are a moderator of it, or else for something harmless, so that a service that is down is found out
 * without a report on its way; and a report that may have been taken is unknown, unless the service can be asked for it.
 *
 * Of answers, 500 and those of a gateway (502, 504) tell nothing: an Ozone has written the report before it makes its answer,
 * and a host answers 502 also for what it could not read. Nor does a 503, which some gateways answer for a connection that
 * broke, unless it says when to come back. All of 4xx, 429 among them, say that it was not taken.
 */
export function createModerationTarget(
  deps: ModerationTargetDeps,
  { id, did }: ModerationService,
): ActionTarget {
  const state: ServiceState = { mayAsk: undefined }
  const at = { ...deps, service: did, state }
  return createTarget(
    { id, kind: 'moderation', at: did },
    {
      async carryOut(action, { signal, wasCutOff }) {
        const found = await lookFor(at, action, signal)
        if (found.kind === 'found') return { kind: 'already', words: 'the report is there' }
        if (found.kind === 'failed') return found
        if (wasCutOff && found.kind === 'cannot-ask') return unknown('its sending was cut off')
        if (wasCutOff) return { kind: 'failed', words: 'cut off, and not there yet', retryAfterMs: landingMs }
        if (signal.aborted) return { kind: 'failed', words: 'not sent: Harrier is ending' }
        return outcomeOf(await send(at, action, signal), found.kind === 'not-found')
      },
      async check(signal) {
        const answer = await askHarmlessly(at, signal)
        return isDone(answer) ? [] : [wrongOf(answer)]
      },
    },
  )
}

/** `mayAsk` is whether we are a moderator of it; undefined until it has said so. */
type ServiceState = { mayAsk: boolean | undefined }
type At = ModerationTargetDeps & { readonly service: Did; readonly state: ServiceState }

type Found =
  | { readonly kind: 'found' | 'not-found' | 'cannot-ask' }
  | Extract<TargetOutcome, { kind: 'failed' }>

/** Looks for the report, and finds out whether the service is there. */
async function lookFor(at: At, { subject, externalId }: ReportAction, signal: AbortSignal): Promise<Found> {
  const { caller, labeler, state } = at
  if (state.mayAsk !== false) {
    const about = subject.kind === 'account' ? subject.did : (reportedUri(subject) ?? subject.did)
    const types = ['tools.ozone.moderation.defs#modEventReport']
    const params = { subject: about, types, batchId: externalId, limit: '100' }
    const answer = await caller.call({ nsid: 'tools.ozone.moderation.queryEvents', params }, signal)
    if (answer.kind === 'answered' && cannotAsk.has(answer.status)) state.mayAsk = false
    else {
      const { data } = events.safeParse(isDone(answer) ? bodyOf(answer) : undefined)
      if (!data) return failedOf(answer)
      state.mayAsk = true
      return {
        kind: data.events.some(({ modTool }) => isOurs(modTool, labeler, externalId)) ? 'found' : 'not-found',
      }
    }
  }
  const answer = await askHarmlessly(at, signal)
  const isThere = isDone(answer) || (answer.kind === 'answered' && cannotAsk.has(answer.status))
  return isThere ? { kind: 'cannot-ask' } : failedOf(answer)
}

async function askHarmlessly({ caller, service }: At, signal: AbortSignal): Promise<XrpcAnswer> {
  const params = { uriPatterns: service, limit: '1' }
  return await caller.call({ nsid: 'com.atproto.label.queryLabels', params }, signal)
}

/** Nothing was reported yet: whatever is wrong, it is tried again. */
function failedOf(answer: XrpcAnswer): Extract<TargetOutcome, { kind: 'failed' }> {
  const outcome = outcomeOfFailure(answer)
  return outcome.kind === 'failed' ? outcome : { kind: 'failed', words: outcome.words }
}

/** Seen through when the service ends meanwhile, since a report that is cut off cannot be repeated. */
async function send({ caller, labeler }: At, action: ReportAction, signal: AbortSignal): Promise<XrpcAnswer> {
  const { subject, reasonType, because: reason } = action
  const input = { reasonType, reason, subject: reportedSubject(subject), modTool: modToolOf(action, labeler) }
  const nsid = 'com.atproto.moderation.createReport'
  return await caller.call({ nsid, input }, signal, { isSeenThrough: true })
}

function outcomeOf(answer: XrpcAnswer, mayAsk: boolean): TargetOutcome {
  const { data } = filed.safeParse(isDone(answer) ? bodyOf(answer) : undefined)
  if (data) return { kind: 'done', words: 'reported', reference: String(data.id) }
  if (answer.kind === 'not-sent') return outcomeOfFailure(answer)
  if (answer.kind === 'answered' && saysNotTaken(answer)) return outcomeOfFailure(answer)
  const words = answer.kind === 'answered' ? wordsOf(answer) : answer.words
  return mayAsk
    ? { kind: 'failed', words: `${words}; it is looked for`, retryAfterMs: landingMs }
    : unknown(words)
}

function saysNotTaken({ status, retryAfterMs }: Extract<XrpcAnswer, { kind: 'answered' }>): boolean {
  return (status >= 400 && status < 500) || (status === 503 && retryAfterMs !== undefined)
}

function unknown(words: string): TargetOutcome {
  return { kind: 'unknown', words: `${words}: it may have been received, and is not sent again by itself` }
}

/** What can be reported is an account or a version of a record: of a blob without one, its account. */
function reportedSubject(subject: TargetSubject): object {
  const uri = reportedUri(subject)
  if (uri === undefined) return { $type: 'com.atproto.admin.defs#repoRef', did: subject.did }
  const cid = subject.kind === 'record' ? subject.cid : 'recordCid' in subject ? subject.recordCid : undefined
  return { $type: 'com.atproto.repo.strongRef', uri, cid }
}

function reportedUri(subject: TargetSubject): string | undefined {
  if (subject.kind === 'record') return subject.uri
  return subject.kind === 'blob' && subject.recordCid !== undefined ? subject.uri : undefined
}

function wrongOf(answer: XrpcAnswer): string {
  if (answer.kind !== 'answered') return `${answer.words}: see to the account and its app password`
  return `Through the account's host the service answered ${answer.status} ${answer.message}: is did that of a moderation service?`
}
