import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../lib/logger.ts'
import { pause } from '../lib/pause.ts'
import type { Match } from '../model/match.ts'
import type { UnjudgedReason, UnjudgedUpload } from '../model/upload.ts'
import { answers, answerWith, type GateAnswer } from './answer.ts'
import { claimedAccount } from './claimed-account.ts'
import type { GateMetrics, UploadOutcome } from './gate-metrics.ts'
import { BodyInspector, type InspectedBody, type InspectOptions, type IsPicture } from './inspect-body.ts'
import { type JudgeDeps, judgeBody, type Verdict } from './judge.ts'
import { type Arrival, Passage, type PassageTimes } from './passage.ts'
import type { Upstream } from './upstream.ts'

/** A refusal, for the record. */
export type UploadRefusal = Omit<UnjudgedUpload, 'reason'> & { readonly match: Match }

/** What passing uploads needs. */
export type UploadDeps = JudgeDeps & {
  readonly upstream: Upstream
  readonly isPicture: IsPicture
  /** Remembers an upload that is passed without a verdict; resolves once that is durable. */
  readonly remember: (upload: UnjudgedUpload) => Promise<void>
  /** Records a refusal; resolves once that is durable. */
  readonly recordRefusal: (refusal: UploadRefusal) => Promise<void>
  readonly metrics: GateMetrics
  readonly logger: Log
}

/** Bounds of an upload; bytes, of an upload of any kind in `maxBytes`, and milliseconds. */
export type UploadOptions = InspectOptions &
  PassageTimes & {
    /** What becomes of an upload without a verdict. */
    readonly unjudged: 'pass' | 'refuse'
    /** From the arrival of the whole body to the verdict. */
    readonly verdictMs: number
    /** How long a refusal waits for the PDS to refuse the caller itself. */
    readonly refusalWaitMs: number
  }

/**
 * Passes one upload on to the PDS, or refuses it. Resolves to how it ended, when that is settled; rejects with a fault of
 * ours, and the upload is then no blob at the PDS.
 */
export async function passUpload(
  deps: UploadDeps,
  options: UploadOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<UploadOutcome> {
  if (Number(request.headers['content-length']) > options.maxBytes) {
    answerWith(response, answers.tooLarge)
    return 'too-large'
  }
  using passage = new Passage(deps.upstream, request, response, options)
  using inspector = new BodyInspector(request.headers['content-encoding'], deps.isPicture, options)
  const arrival = await receive(passage, inspector, options.maxBytes)
  if (arrival !== 'whole') return await passage.endEarly(arrival)
  const body = await inspector.end(passage.held.bytes)
  const startedAt = performance.now()
  const verdict = await judgeOrLeave(deps, body, options, passage)
  if (!verdict) return await passage.endEarly('over')
  const verdictMs = performance.now() - startedAt
  deps.metrics.judged(verdictMs)
  return await carryOut(deps, options, { passage, body, verdict, verdictMs })
}

/** Takes in the body, as far as it comes. */
async function receive(passage: Passage, inspector: BodyInspector, maxBytes: number): Promise<Arrival> {
  const { reader, held, over } = passage
  let size = 0
  while (!over.aborted) {
    const next = await reader.next()
    if (next.kind === 'end') return 'whole'
    if (next.kind !== 'piece') return next.kind
    size += next.bytes.length
    if (size > maxBytes) return 'too-large'
    await inspector.write(next.bytes)
    await held.add(next.bytes, inspector.isNoPicture)
  }
  return 'over'
}

/** Returns the verdict, or undefined when the upload is over before there is one. */
async function judgeOrLeave(
  deps: UploadDeps,
  body: InspectedBody,
  { verdictMs }: UploadOptions,
  { over }: Passage,
): Promise<Verdict | undefined> {
  try {
    return await judgeBody(deps, body, verdictMs, over)
  } catch (error) {
    if (over.aborted) return undefined
    throw error
  }
}

type Judged = {
  readonly passage: Passage
  readonly body: InspectedBody
  readonly verdict: Verdict
  readonly verdictMs: number
}

/** Makes a verdict true. What is refused or passed unjudged is on record before anybody sees it. */
async function carryOut(
  { recordRefusal, remember, logger }: UploadDeps,
  { unjudged, refusalWaitMs }: UploadOptions,
  judged: Judged,
): Promise<UploadOutcome> {
  const { passage, body, verdict } = judged
  const { request, response } = passage
  if (verdict.kind === 'clean') return await passage.release('passed')
  const upload = { did: claimedAccount(request.headers.authorization), cid: body.cid, size: body.size }
  if (verdict.kind === 'unjudged' && unjudged === 'pass') {
    await remember({ ...upload, reason: verdict.reason })
    logger.warn(lineOf(judged, 'passed-unjudged'), 'upload.unjudged')
    return await passage.release('passed-unjudged')
  }
  if (verdict.kind === 'blocked') {
    // Whoever the PDS does not know is not to learn here what the banks hold: its refusal, on its way by now, goes first.
    await pause(refusalWaitMs, passage.over)
    if (passage.over.aborted) return await passage.endEarly('over')
  }
  passage.giveUp()
  const outcome = verdict.kind === 'blocked' ? 'refused' : 'refused-unjudged'
  if (verdict.kind === 'blocked') await recordRefusal({ ...upload, match: verdict.match })
  answerWith(response, verdict.kind === 'blocked' ? answers.refused : answerOf[verdict.reason])
  logger.info(lineOf(judged, outcome), 'upload.refused')
  return outcome
}

const answerOf: Readonly<Record<UnjudgedReason, GateAnswer>> = {
  'too-large': answers.tooLarge,
  limit: answers.unreadable,
  corrupt: answers.unreadable,
  encoding: answers.badEncoding,
  timeout: answers.notChecked,
  hasher: answers.notChecked,
}

/** The line of an upload that was refused or not judged: nothing of its bytes, of what it matched, or of its user. */
function lineOf({ body, verdict, verdictMs }: Judged, outcome: UploadOutcome): Record<string, unknown> {
  const reason = verdict.kind === 'unjudged' ? verdict.reason : null
  return { outcome, reason, size: body.size, verdictMs: Math.round(verdictMs * 10) / 10 }
}
