import { z } from 'zod'
import { AppError, messageOf } from '../lib/errors.ts'
import type { Did } from '../model/ids.ts'
import type { ActionFor, ActionTarget, TargetOutcome } from '../model/target.ts'
import { type CallDeps, callXrpc, type XrpcAnswer, type XrpcRequest } from './call-xrpc.ts'
import { bodyOf, errorOf, isDone, outcomeOfFailure } from './outcome-of.ts'
import { formatPart, type PdsPart, paramsOf, partsOf, subjectOf } from './pds-parts.ts'
import { createTarget } from './target.ts'

/** What the target of an operator's own PDS needs. */
export type PdsTargetDeps = CallDeps & {
  /** Returns the `Authorization` of a call of this method: the admin's password, or a token of the labeler's. */
  readonly authorize: (nsid: string) => Promise<string>
  /** Returns the origin of the host that the account's DID document names now, or undefined when there is none. @throws an `AppError` when that cannot be found out. */
  readonly resolveHost: (did: Did, signal: AbortSignal) => Promise<string | undefined>
  readonly labeler: Did
}

/** Which PDS. */
export type PdsAddress = { readonly id: string; readonly url: string }

const statusAnswer = z.object({
  subject: z.object({ cid: z.string().optional() }),
  takedown: z.object({ applied: z.boolean(), ref: z.string().optional() }).optional(),
})

/** Whether a part is taken down, as the PDS says when it is asked. */
type PartStatus =
  | { readonly kind: 'absent' }
  /** `cid` is the version of a record that is there now. */
  | { readonly kind: 'standing'; readonly cid: string | undefined }
  | { readonly kind: 'taken-down'; readonly ref: string }
  | Extract<TargetOutcome, { kind: 'failed' | 'refused' }>

/** What became of a part. */
type PartOutcome =
  | { readonly kind: 'changed' | 'held' | 'absent' | 'foreign' }
  | Extract<TargetOutcome, { kind: 'failed' | 'refused' }>

/**
 * Returns a PDS that takes our takedowns (`com.atproto.admin.updateSubjectStatus`) as a target. A PDS answers 200 to the
 * takedown of a blob that it does not have, so each part is asked for before and after (`getSubjectStatus`), and done is what
 * it says then. Our takedowns carry a reference of ours, which it tells, and a restore lifts no other.
 */
export function createPdsTarget(deps: PdsTargetDeps, { id, url }: PdsAddress): ActionTarget {
  const { origin } = new URL(url)
  const call = async (request: XrpcRequest, signal: AbortSignal): Promise<XrpcAnswer> =>
    await callXrpc(deps, origin, request, {
      headers: { authorization: await deps.authorize(request.nsid) },
      signal,
    })
  const at = { ...deps, origin, call }
  return createTarget(
    { id, kind: 'pds', at: origin },
    {
      async carryOut(action, { signal }) {
        return (await notTheirs(at, action.subject.did, signal)) ?? (await changeParts(at, action, signal))
      },
      async check(signal) {
        // An account that cannot be there is asked for: whoever may ask is told that.
        const answer = await call(
          { nsid: 'com.atproto.admin.getSubjectStatus', params: { did: 'did:web:nobody.invalid' } },
          signal,
        )
        if (isDone(answer) || errorOf(answer) === 'NotFound') return []
        return [wrongOf(answer, origin)]
      },
    },
  )
}

type At = PdsTargetDeps & {
  readonly origin: string
  readonly call: (request: XrpcRequest, signal: AbortSignal) => Promise<XrpcAnswer>
}

/** Undefined when the account is hosted here, by its DID document and by the PDS itself. */
async function notTheirs(at: At, did: Did, signal: AbortSignal): Promise<TargetOutcome | undefined> {
  const host = await findHost(at, did, signal)
  if (typeof host === 'object') return host
  if (host === undefined) return { kind: 'not-theirs', words: 'the account has no host' }
  if (host !== at.origin) return { kind: 'not-theirs', words: 'the account is hosted elsewhere' }
  const account = await fetchStatus(at, { kind: 'account', did }, signal)
  if (account.kind === 'failed' || account.kind === 'refused') return account
  return account.kind === 'absent'
    ? { kind: 'not-theirs', words: 'the PDS does not know the account' }
    : undefined
}

async function findHost(
  { resolveHost }: At,
  did: Did,
  signal: AbortSignal,
): Promise<string | undefined | TargetOutcome> {
  try {
    return await resolveHost(did, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof AppError)) throw error
    return { kind: error.shouldRetry() ? 'failed' : 'refused', words: messageOf(error) }
  }
}

/** One part after the other: a takedown begins with the record, a restore ends with it. */
async function changeParts(
  at: At,
  { kind, subject, effectId }: ActionFor<'pds'>,
  signal: AbortSignal,
): Promise<TargetOutcome> {
  const all = partsOf(subject)
  const found: Record<'changed' | 'held' | 'absent' | 'foreign', PdsPart[]> = {
    changed: [],
    held: [],
    absent: [],
    foreign: [],
  }
  const prefix = `harrier:${at.labeler}:`
  for (const part of kind === 'takedown' ? all : all.toReversed()) {
    const outcome =
      kind === 'takedown'
        ? await takeDown(at, part, `${prefix}${effectId}`, signal)
        : await restore(at, part, prefix, signal)
    if (outcome.kind === 'failed' || outcome.kind === 'refused')
      return { ...outcome, words: `${formatPart(part)}: ${outcome.words}` }
    found[outcome.kind].push(part)
  }
  const { changed, held, absent, foreign } = found
  const list = (parts: readonly PdsPart[]) => parts.map(formatPart).join(', ')
  if (kind === 'takedown') {
    const down = [...changed, ...held]
    if (absent.length > 0)
      return {
        kind: 'refused',
        words: `not there, or no longer what matched: ${list(absent)}${down.length > 0 ? `; taken down: ${list(down)}` : ''}`,
      }
    return changed.length > 0
      ? { kind: 'done', words: `taken down: ${list(down)}` }
      : { kind: 'already', words: `taken down before: ${list(held)}` }
  }
  const left = foreign.length > 0 ? `; taken down by others, and left so: ${list(foreign)}` : ''
  return changed.length > 0
    ? { kind: 'done', words: `restored: ${list(changed)}${left}` }
    : { kind: 'already', words: `not taken down by us: ${list(all)}${left}` }
}

async function takeDown(at: At, part: PdsPart, ref: string, signal: AbortSignal): Promise<PartOutcome> {
  const before = await fetchStatus(at, part, signal)
  if (before.kind === 'taken-down') return { kind: 'held' }
  if (before.kind !== 'standing') return before
  // A takedown is of the record in every version: one that was written anew since is another, and was not judged.
  if (part.kind === 'record' && before.cid !== part.cid) return { kind: 'absent' }
  return await update(at, part, { applied: true, ref }, signal)
}

async function restore(at: At, part: PdsPart, prefix: string, signal: AbortSignal): Promise<PartOutcome> {
  const before = await fetchStatus(at, part, signal)
  if (before.kind === 'standing' || before.kind === 'absent') return { kind: 'held' }
  if (before.kind !== 'taken-down') return before
  if (!before.ref.startsWith(prefix)) return { kind: 'foreign' }
  return await update(at, part, { applied: false }, signal)
}

/** Changes a part, and makes sure of it. */
async function update(
  at: At,
  part: PdsPart,
  takedown: { readonly applied: boolean; readonly ref?: string },
  signal: AbortSignal,
): Promise<PartOutcome> {
  const input = { subject: subjectOf(part), takedown }
  const answer = await at.call({ nsid: 'com.atproto.admin.updateSubjectStatus', input }, signal)
  if (!isDone(answer)) return outcomeOfFailure(answer)
  const after = await fetchStatus(at, part, signal)
  if (after.kind === 'failed' || after.kind === 'refused') return after
  if (after.kind === (takedown.applied ? 'taken-down' : 'standing')) return { kind: 'changed' }
  return { kind: 'failed', words: 'the PDS answered that it did so, and then that it did not' }
}

async function fetchStatus(at: At, part: PdsPart, signal: AbortSignal): Promise<PartStatus> {
  const nsid = 'com.atproto.admin.getSubjectStatus'
  const answer = await at.call({ nsid, params: paramsOf(part) }, signal)
  if (errorOf(answer) === 'NotFound') return { kind: 'absent' }
  if (!isDone(answer)) return outcomeOfFailure(answer)
  const { data } = statusAnswer.safeParse(bodyOf(answer))
  if (data === undefined)
    return { kind: 'failed', words: 'the PDS answered with something else than a status' }
  const { takedown, subject } = data
  return takedown?.applied
    ? { kind: 'taken-down', ref: takedown.ref ?? '' }
    : { kind: 'standing', cid: subject.cid }
}

function wrongOf(answer: XrpcAnswer, origin: string): string {
  if (answer.kind !== 'answered') return `${answer.words}: is ${origin} the address of the PDS, and is it up?`
  const { status, message } = answer
  const said = `The PDS answered ${status} ${message}`
  if (status === 401 || status === 403)
    return `${said}: expected adminPassword to be its PDS_ADMIN_PASSWORD, or, without one, its PDS_MOD_SERVICE_DID to be this labeler and did to be its own`
  return `${said}: is ${origin} the address of a PDS?`
}
