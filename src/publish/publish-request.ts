import type { Emission } from '../model/emission.ts'
import type { SequencedLabel } from '../model/label.ts'
import type { AuditEntry } from '../store/audit-store.ts'
import type { Announce, Database, Stores } from '../store/database.ts'
import { eventsOfLabels } from './label-events.ts'
import { negationsOf } from './negations-of.ts'
import { createSignLabel, requireVal, type SignLabelsDeps } from './sign-labels.ts'

/** What became of a label or a withdrawal that a person asked for. */
export type PublishOutcome =
  /** In seq order. A withdrawal can take several negations, the last of them the one that was asked for. */
  | { readonly kind: 'published'; readonly labels: readonly SequencedLabel[] }
  /** It waits for the emission budget, or for the end of a pause; the service publishes it. */
  | { readonly kind: 'queued' }
  /** It undid what waited in the queue, so that nothing is to be published. */
  | { readonly kind: 'cancelled' }
  /** It holds already, or there is nothing to withdraw. */
  | { readonly kind: 'unchanged' }

/** What publishing on request needs. */
export type PublishRequestDeps = SignLabelsDeps & {
  readonly database: Pick<Database, 'transaction'>
  /** True puts labels into the queue of emissions instead of publishing them. */
  readonly isPaced: boolean
  /** Who asks, as the audit has it. */
  readonly actor: string
  /** Tells those who are to hear of labels. */
  readonly announce: Announce
}

/**
 * Returns the function that publishes a label, or a withdrawal, that a person asked for: one transaction with its audit
 * rows. It rejects with an `AppError` of kind `invalid` for a value that may not be published. While effects are paused, a
 * label waits in the queue.
 */
export function createPublishRequest(
  deps: PublishRequestDeps,
): (request: Emission) => Promise<PublishOutcome> {
  return async (request) => {
    requireVal(request, deps.declaredVals)
    return deps.database.transaction(async (stores) => {
      const isPaused = !request.neg && (await stores.brakes.pause()) !== undefined
      return await (deps.isPaced || isPaused
        ? queueRequest(stores, deps, request)
        : publishRequest(stores, deps, request))
    })
  }
}

async function publishRequest(
  stores: Stores,
  deps: PublishRequestDeps,
  request: Emission,
): Promise<PublishOutcome> {
  const { src } = deps
  const { uri, val, cid, neg, exp } = request
  const standing = neg ? await stores.labels.standingVersions(src, uri, val) : []
  // Nothing is published that could be withdrawn; something may wait in a queue that was paced before.
  if (neg && standing.length === 0) return queueRequest(stores, deps, request)
  await stores.emissions.forget(src, [request])
  const state = (await stores.labels.states(src, [uri])).find((known) => known.val === val)
  const wanted = { uri, val, ...(cid === undefined ? {} : { cid }), ...(exp === undefined ? {} : { exp }) }
  const sign = createSignLabel(deps)
  const labels: SequencedLabel[] = []
  for (const draft of neg ? negationsOf(wanted, standing) : [wanted]) {
    const after = labels.at(-1)?.cts ?? state?.cts
    labels.push(...(await stores.labels.append([await sign({ ...draft, after })])))
  }
  await stores.audit.append(labels.map((label) => auditOfLabel(label, deps)))
  await deps.announce(stores, eventsOfLabels(labels, deps.actor), deps.now().toISOString())
  return labels.length === 0 ? { kind: 'unchanged' } : { kind: 'published', labels }
}

function auditOfLabel(
  { seq, uri, val, cid, neg }: SequencedLabel,
  { actor, now }: PublishRequestDeps,
): AuditEntry {
  const action = neg ? 'label.withdrawn' : 'label.published'
  return { at: now().toISOString(), actor, action, subject: uri, details: { seq, val, cid } }
}

async function queueRequest(
  { emissions, audit }: Stores,
  { src, actor, now }: PublishRequestDeps,
  request: Emission,
): Promise<PublishOutcome> {
  const { uri, val, cid, neg, priority } = request
  const kind = await emissions.put(src, request, { actor, jobId: undefined, atMs: now().getTime() })
  const details = { val, cid, neg, priority }
  if (kind !== 'unchanged')
    await audit.append([{ at: now().toISOString(), actor, action: `label.${kind}`, subject: uri, details }])
  return { kind }
}
