/**
 * The front door of the targets: where what Harrier decides is carried out at others, each behind the port `ActionTarget`.
 *
 * Owns: how each kind of target is asked, how it proves who we are, how it is made sure that a thing is done, and what an
 * answer, or none, means. Leaves to others: what is to be done (effects), order, retries and dead letters (`outbox/`), and the
 * labels themselves (`publish/`, handed in).
 * Invariants: carried out twice is once; a takedown is done when the target says that it holds, and not before; a restore
 * lifts what is ours and nothing else; what may have been taken, and would be doubled, is said to be unknown and not sent
 * again; every answer is bounded in size and time; no secret, and no word of a user, is in an outcome or an error.
 *
 * pds-target.ts        an operator's own PDS; pds-parts.ts what it takes down one by one
 * ozone-target.ts      an Ozone in which we are a moderator; ozone-event.ts an action as its event,
 *                      ozone-questions.ts what it is asked before and after
 * moderation-target.ts reports to any moderation service
 * labels-target.ts     our own stream of labels
 * service-caller.ts    calls in a moderator's name; account-tokens.ts keeps one signed in
 * call-xrpc.ts         one call, and whether it may have been received; outcome-of.ts what an answer means
 * mod-tool.ts          what moderators see of where an action comes from
 * webhook-target.ts    events to endpoints; send-webhook.ts one try, sign-webhook.ts its signature
 */
import {
  type ActionFor,
  type ActionKind,
  type ActionTarget,
  actionsOfKind,
  type TargetAttempt,
  type TargetFacts,
  type TargetKind,
  type TargetOutcome,
} from '../model/target.ts'

/** What a kind of target does, behind the port: see `ActionTarget`. */
export type TargetHands<Kind extends TargetKind> = Pick<ActionTarget, 'check'> & {
  carryOut(action: ActionFor<Kind>, attempt: TargetAttempt): Promise<TargetOutcome>
}

/** Returns a target of a kind. What the kind cannot do is refused, and not handed on. */
export function createTarget<Kind extends TargetKind>(
  { id, kind, at }: Pick<TargetFacts, 'id' | 'at'> & { readonly kind: Kind },
  { carryOut, check }: TargetHands<Kind>,
): ActionTarget {
  const can: ReadonlySet<ActionKind> = actionsOfKind[kind]
  return {
    id,
    kind,
    at,
    can,
    async carryOut(action, attempt) {
      if (!can.has(action.kind))
        return { kind: 'refused', words: `a target of kind ${kind} cannot ${action.kind}` }
      return await carryOut(action as ActionFor<Kind>, attempt)
    },
    check,
  }
}
