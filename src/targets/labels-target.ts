import { AppError } from '../lib/errors.ts'
import type { Emission } from '../model/emission.ts'
import type { Cid, Did, SubjectUri } from '../model/ids.ts'
import type { LabelState } from '../model/label.ts'
import type { ActionFor, ActionTarget, TargetOutcome, TargetSubject } from '../model/target.ts'
import { createTarget } from './target.ts'

/** What the target of our own labels needs. */
export type LabelsTargetDeps = {
  /**
   * Publishes a label or a withdrawal, or has it wait for the budget, in one transaction with its audit row. Returns what it
   * came to, in a word. @throws an `AppError` of kind `invalid` for a value that may not be published.
   */
  readonly publish: (label: Emission) => Promise<string>
  /** Returns what is published of a subject, or is to be. */
  readonly statesOf: (uri: SubjectUri) => Promise<readonly LabelState[]>
  readonly now: () => Date
  readonly labeler: Did
}

/** The id of the target that is our own stream of labels. */
export const labelsTargetId = 'labels'

/** Returns our own stream of labels as a target: a label that holds is not published twice. */
export function createLabelsTarget(deps: LabelsTargetDeps): ActionTarget {
  return createTarget(
    { id: labelsTargetId, kind: 'labels', at: deps.labeler },
    {
      async carryOut(action) {
        try {
          return await publishLabels(deps, action)
        } catch (error) {
          if (!(error instanceof AppError) || error.kind !== 'invalid') throw error
          return { kind: 'refused', words: error.message }
        }
      },
      check: async () => [],
    },
  )
}

async function publishLabels(
  { publish, statesOf, now }: LabelsTargetDeps,
  { subject, create, negate, expiresAt }: ActionFor<'labels'>,
): Promise<TargetOutcome> {
  const labeled = labeledSubject(subject)
  if (labeled === undefined)
    return { kind: 'refused', words: 'a label is about a record or an account, and no record is named' }
  const states = await statesOf(labeled.uri)
  const expiry = expiresAt === undefined ? {} : { exp: expiresAt }
  const missing = create.filter(
    (val) => !states.some((state) => holds(state, val, labeled.cid, expiresAt, now())),
  )
  const came: string[] = []
  for (const val of missing) came.push(await publish({ ...labeled, val, ...expiry, priority: 'normal' }))
  for (const val of negate) came.push(await publish({ uri: labeled.uri, val, neg: true, priority: 'urgent' }))
  const changed = came.filter((word) => word !== 'unchanged')
  if (changed.length === 0) return { kind: 'already', words: 'holds already' }
  return { kind: 'done', words: [...new Set(changed)].join(', ') }
}

function labeledSubject(subject: TargetSubject): { uri: SubjectUri; cid?: Cid } | undefined {
  if (subject.kind === 'account') return { uri: subject.did }
  const cid = subject.kind === 'record' ? subject.cid : subject.recordCid
  return subject.uri && { uri: subject.uri, ...(cid === undefined ? {} : { cid }) }
}

function holds(
  state: LabelState,
  val: string,
  cid: Cid | undefined,
  exp: string | undefined,
  now: Date,
): boolean {
  if (state.val !== val || state.isNegated || (state.cid !== undefined && state.cid !== cid)) return false
  return state.exp === exp && (exp === undefined || Date.parse(exp) > now.getTime())
}
