import { AppError } from '../lib/errors.ts'
import {
  type EffectAction,
  effectKey,
  formatSubject,
  type ownTargets,
  type StoredEffect,
} from '../model/effect.ts'
import type { SubjectUri } from '../model/ids.ts'
import type { Policy } from '../model/policy.ts'
import type { TargetSubject } from '../model/target.ts'
import type { Stores } from '../store/database.ts'
import type { CarryOutDeps, WantedEffect } from './carry-out.ts'

/** What a person asks a target to do. */
export type Order =
  | {
      readonly kind: 'takedown'
      readonly target: string
      readonly subject: TargetSubject
      /** For a blob: in every account in which it was seen, and in which it will be. */
      readonly isEverywhere?: boolean
    }
  | {
      readonly kind: 'report'
      readonly target: string
      readonly subject: TargetSubject
      readonly reasonType: string
    }
  | {
      readonly kind: 'label'
      readonly target: typeof ownTargets.labels
      /** A record or an account. */
      readonly subject: Exclude<TargetSubject, { kind: 'blob' }>
      readonly val: string
    }

/** What weighing an order needs. */
type OrderDeps = Pick<CarryOutDeps, 'src' | 'targets'> & { readonly policy: Policy }

/** Accounts in which one order takes a blob down. */
const maxAccounts = 10_000

/** @throws {AppError} `invalid` for a target that there is not, or that does not do it, and for a value that is not declared. */
export function requirePossible({ targets, policy }: OrderDeps, order: Order): void {
  if (order.kind === 'label') {
    if (policy.labels.includes(order.val)) return
    const received = JSON.stringify(order.val.slice(0, 128))
    throw new AppError('invalid', `Expected one of ${policy.labels.join(', ')} but received ${received}`)
  }
  const { kind, target: id } = order
  const target = targets.find((known) => known.id === id)
  const able = targets.filter(({ can }) => can.has(kind)).map((known) => known.id)
  const expected = able.length === 0 ? `a target in HARRIER_TARGETS that does a ${kind}` : able.join(' or ')
  if (!target?.can.has(kind)) throw new AppError('invalid', `Expected ${expected} but received ${id}`)
}

/** A subject that an order is to reach, and the effect of that kind that a quota or a flood holds for it. */
export type NewSubject = { readonly subject: TargetSubject; readonly held: StoredEffect | undefined }

/** Returns what an order is to reach: subjects for which the same does not stand already. */
export async function newSubjects(stores: Stores, deps: OrderDeps, order: Order): Promise<NewSubject[]> {
  const fresh: NewSubject[] = []
  for (const subject of await subjectsOf(stores, order)) {
    const about =
      subject.kind === 'blob'
        ? await stores.effects.standingOn(subject.did, subject.cid)
        : await stores.effects.standingOn(subject.kind === 'account' ? subject.did : subject.uri)
    const key = effectKey(placeOf(order, subject))
    const standing = about.filter((effect) => effectKey(effect) === key)
    const held = standing.find(({ state, because }) => state === 'held' && because !== 'paused')
    if (held || standing.length === 0 || (await isWithdrawn(stores, deps, order, subject)))
      fresh.push({ subject, held })
  }
  return fresh
}

/** True for a label that was withdrawn by hand, past the effect that gave it. */
async function isWithdrawn(
  { labels }: Stores,
  { src }: OrderDeps,
  order: Order,
  subject: TargetSubject,
): Promise<boolean> {
  if (order.kind !== 'label') return false
  const { subject: uri } = placeOf(order, subject)
  const states = await labels.states(src, [uri as SubjectUri])
  return states.some(({ val, isNegated }) => val === order.val && isNegated)
}

async function subjectsOf({ jobs }: Stores, order: Order): Promise<TargetSubject[]> {
  const { subject } = order
  if (order.kind === 'takedown' && subject.kind === 'record') {
    const blobs = new Set([...subject.blobs, ...(await jobs.blobsOf(subject.uri, subject.cid))])
    return [{ ...subject, blobs: [...blobs].slice(0, 100) }]
  }
  if (order.kind !== 'takedown' || order.isEverywhere !== true || subject.kind !== 'blob') return [subject]
  const seen = await jobs.placesOf(subject.cid, maxAccounts)
  const others = seen.filter(({ did }) => did !== subject.did)
  return [
    subject,
    ...others.map(({ did, uri, recordCid, cid }) => ({ kind: 'blob' as const, did, cid, uri, recordCid })),
  ]
}

function placeOf(order: Order, subject: TargetSubject) {
  return {
    kind: order.kind,
    target: order.target,
    subject: formatSubject(subject),
    recordCid: subject.kind === 'record' ? subject.cid : undefined,
    detail: order.kind === 'report' ? order.reasonType : order.kind === 'label' ? order.val : '',
  }
}

/** Returns the effect that an order comes to for one subject. */
export function wantedOf(order: Order, subject: TargetSubject, actor: string, at: string): WantedEffect {
  return {
    ...placeOf(order, subject),
    did: subject.did,
    uri: subject.kind === 'account' ? undefined : subject.uri,
    blobCid: subject.kind === 'blob' ? subject.cid : undefined,
    action: actionOf(order, subject),
    actor,
    jobId: undefined,
    cause: undefined,
    createdAt: at,
  }
}

function actionOf(order: Order, subject: TargetSubject): EffectAction {
  if (order.kind === 'report') return { kind: 'report', subject, reasonType: order.reasonType }
  if (order.kind === 'label') {
    const cid = subject.kind === 'record' ? { cid: subject.cid } : {}
    const label = { uri: formatSubject(subject) as SubjectUri, val: order.val, ...cid }
    return { kind: 'label', label, priority: 'urgent' }
  }
  return { kind: 'takedown', subject, ...(order.isEverywhere === true && { isEverywhere: true as const }) }
}
