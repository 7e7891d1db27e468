import type { AtUri, Cid, Did } from './ids.ts'

/** The kinds of target that actions are sent to. */
export const targetKinds = ['webhook', 'pds', 'ozone', 'moderation', 'labels'] as const

/** One member of `targetKinds`. */
export type TargetKind = (typeof targetKinds)[number]

/** What each kind of target can be asked to do. */
export type ActionsOfKind = {
  readonly webhook: 'tell'
  readonly pds: 'takedown' | 'restore'
  readonly ozone: 'takedown' | 'restore' | 'report' | 'label' | 'divert'
  readonly moderation: 'report'
  readonly labels: 'label'
}

/** What a target can be asked to do. */
export type ActionKind = ActionsOfKind[TargetKind]

/** `ActionsOfKind` as values. */
export const actionsOfKind: { readonly [Kind in TargetKind]: ReadonlySet<ActionsOfKind[Kind]> } = {
  webhook: new Set(['tell']),
  pds: new Set(['takedown', 'restore']),
  ozone: new Set(['takedown', 'restore', 'report', 'label', 'divert']),
  moderation: new Set(['report']),
  labels: new Set(['label']),
}

/**
 * What an action is about: an account; a record, with those of its blobs that are taken down, or given back, with it; or a
 * blob of an account, with a record that shows it where one is known.
 */
export type TargetSubject =
  | { readonly kind: 'account'; readonly did: Did }
  | {
      readonly kind: 'record'
      readonly did: Did
      readonly uri: AtUri
      readonly cid: Cid
      readonly blobs: readonly Cid[]
    }
  | {
      readonly kind: 'blob'
      readonly did: Did
      readonly cid: Cid
      readonly uri?: AtUri | undefined
      readonly recordCid?: Cid | undefined
    }

/** The most characters of `because`. */
export const maxBecauseChars = 500

/** What every action about a subject has. */
type SharedAction = {
  readonly subject: TargetSubject
  /** The effect that it carries out. */
  readonly effectId: number
  /** What the target knows it by on every try, and the message's id in the outbox: 1 to 128 of `A-Z a-z 0-9 _ . : -`. */
  readonly externalId: string
  /** Why, made by us of the bank's name, the distance and the number of the content; no user's words, and no hash. */
  readonly because: string
}

/** What a target is asked to do about a subject. It has no user's words, image or hash. */
export type SubjectAction = SharedAction &
  (
    | { readonly kind: 'takedown' }
    /** Gives back what our takedown took; what others took down stays so. Blobs that another effect still holds are left out by whoever asks. */
    | { readonly kind: 'restore' }
    /** `reasonType` is such as `tools.ozone.report.defs#reasonChildSafetyCSAM`. */
    | { readonly kind: 'report'; readonly reasonType: string }
    | {
        readonly kind: 'label'
        readonly create: readonly string[]
        readonly negate: readonly string[]
        /** When the created ones stop holding; ISO 8601, UTC. */
        readonly expiresAt?: string | undefined
      }
    /** Sends the blobs to where an Ozone diverts them, and takes the record down. */
    | { readonly kind: 'divert' }
  )

/** An event that an endpoint is told of. It has no user's words, image or hash. */
export type TellAction = {
  readonly kind: 'tell'
  /** What the receiver knows it by on every try. */
  readonly externalId: string
  /** The event as JSON: what is sent, byte for byte. */
  readonly body: string
}

/** What a target is asked to do. */
export type TargetAction = SubjectAction | TellAction

/** What a target of a kind is asked to do. */
export type ActionFor<Kind extends TargetKind> = Extract<TargetAction, { kind: ActionsOfKind[Kind] }>

/** How an attempt to carry out an action ended. `words` are ours or a name of the protocol, never a user's, and hold no secret. */
export type TargetOutcome =
  /** The target has done it, and where that can be asked, says so. `reference` is what it calls it. */
  | { readonly kind: 'done'; readonly words: string; readonly reference?: string }
  /** It held already: as good as done. */
  | { readonly kind: 'already'; readonly words: string }
  /** It did not happen, and may yet: to be tried again, not before `retryAfterMs` where the target asks for that. */
  | { readonly kind: 'failed'; readonly words: string; readonly retryAfterMs?: number | undefined }
  /** The target will never do it. */
  | { readonly kind: 'refused'; readonly words: string }
  /** The target does not host the account: nothing is to be done there. */
  | { readonly kind: 'not-theirs'; readonly words: string }
  /** It may have happened, and a repeat would double it: never sent again by itself. */
  | { readonly kind: 'unknown'; readonly words: string }

/** What can be known of a target without reaching it; what a policy is checked against. */
export type TargetFacts = {
  /** The operator's name for it. */
  readonly id: string
  readonly kind: TargetKind
  /** Where it is, for people: an origin or a DID, without secrets. */
  readonly at: string
  readonly can: ReadonlySet<ActionKind>
}

/** An attempt. */
export type TargetAttempt = {
  /** Aborted when the service ends; what is on its way then is either seen through or can be repeated. */
  readonly signal: AbortSignal
  /** True when an earlier attempt may have reached the target, and how it ended was never written down. */
  readonly wasCutOff: boolean
}

/**
 * Where actions are carried out. Implementations differ in how they authorise and confirm; of each holds: carried out twice is
 * once, an outcome of `done` was said by the target itself, nothing is thrown but the signal's reason and faults of our own,
 * and no secret is in an outcome.
 */
export interface ActionTarget extends TargetFacts {
  carryOut(action: TargetAction, attempt: TargetAttempt): Promise<TargetOutcome>
  /** Signs in and asks something harmless that only the authority it needs is answered. Returns what is wrong, a sentence each; none is well. */
  check(signal: AbortSignal): Promise<readonly string[]>
}
