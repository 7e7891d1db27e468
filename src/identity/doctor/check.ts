import type { ResolvedDocument } from '../../atproto/fetch-did-document.ts'
import type { WireLabel } from '../../atproto/verify-label.ts'
import type { SafeFetch } from '../../lib/safe-fetch.ts'
import type { OpenWebSocket } from '../../lib/safe-websocket.ts'
import type { Did } from '../../model/ids.ts'
import type { LabelerRecord } from './labeler-record.ts'

/** How a check can end: as it should be; shown less well than it could; a cause of missing labels; not known. */
export const checkStatuses = ['ok', 'warn', 'fail', 'unknown'] as const

/** One member of `checkStatuses`. */
export type CheckStatus = (typeof checkStatuses)[number]

/** What a check found. Its text may hold a peer's words: whoever prints it takes out control characters. */
export type Finding = {
  readonly status: CheckStatus
  /** What is so, in a sentence without a full stop; for `unknown`, why it cannot be known. */
  readonly says: string
  /** What a person can do about it; there for every `fail` and most of `warn`. */
  readonly fix?: string
}

/** A clock that a server showed in its `Date` header: whole seconds, epoch milliseconds. */
export type SeenClock = { readonly shownMs: number; readonly seenAtMs: number }

/** A published label with its place in the stream. */
export type StreamLabel = { readonly seq: number; readonly label: WireLabel }

/** The latest labels of the stream, in its order. */
export type LabelWindow = {
  readonly labels: readonly StreamLabel[]
  /** True when these are all the labels that the stream replays. */
  readonly isWhole: boolean
}

/** What checks learn of a labeler and later ones stand on. */
export type Evidence = {
  readonly did: Did
  /** The handle or the endpoint that a person named, when it was not a DID. */
  readonly named: { readonly handle?: string; readonly origin?: string }
  readonly document: ResolvedDocument
  /** The clock of who served the document: a third opinion. */
  readonly referenceClock: SeenClock
  /** `did:key:…` that labels are checked against. */
  readonly labelKey: string
  /** The origin that serves the labels. */
  readonly endpoint: URL
  /** The endpoint's clock; it is reachable. */
  readonly endpointClock: SeenClock | 'not shown'
  /** WebSockets reach the stream. */
  readonly upgrade: true
  readonly record: LabelerRecord
  /** What `cursor=0` replayed first. */
  readonly replay: LabelWindow
  readonly window: LabelWindow
}

/** What only the labeler's own operator can know. */
export type OwnLabeler = {
  readonly did: Did
  /** The public half of the key that signs, `did:key:…`; undefined while there is none yet. */
  readonly signingKey: string | undefined
  /** The values that the policy file declares. */
  readonly labelVals: readonly string[]
  /** The public listener on this machine, such as `http://127.0.0.1:3000`. */
  readonly localUrl: string
  /** The operator listener. */
  readonly operatorUrl: string
  /** Asks those two, and nothing else that is private: nobody else's redirect leads there. */
  readonly fetch: SafeFetch
}

/** Bounds of what one examination reads and waits for. */
export type DoctorLimits = {
  /** For one request or one handshake, in milliseconds. */
  readonly timeoutMs: number
  /** How long a stream must say nothing before it is taken to have no more, in milliseconds. */
  readonly quietMs: number
  /** Labels that are read from the beginning of the stream, and again from its end. */
  readonly maxLabels: number
}

/** What the checks work with. */
export type DoctorDeps = {
  /** Bounded in time; each check bounds the bytes. */
  readonly fetch: SafeFetch
  readonly openWebSocket: OpenWebSocket
  /** Returns the TXT records of a name, each in its pieces; rejects when there are none. */
  readonly resolveTxt: (name: string) => Promise<string[][]>
  readonly now: () => Date
  readonly plcUrl: string
  readonly allowedPrivateOrigins: readonly string[]
  /** The labeler of this installation; its checks are made when it is the one examined. */
  readonly own: OwnLabeler | undefined
  readonly limits: DoctorLimits
}

/** What a check returns: its finding, and what it learned. Evidence that is missing keeps later checks from running. */
export type Outcome = Finding & { readonly learned?: Partial<Evidence> }

/** One check, in a file of its own. `Needed` is the evidence without which it cannot be made. */
export type Check<Needed extends keyof Evidence = keyof Evidence> = {
  /** One word or two, joined by `-`: what `--json` and other checks call it. */
  readonly name: string
  readonly needs: readonly Needed[]
  /** The evidence that it can give; later checks that need it are not run without. */
  readonly gives?: readonly (keyof Evidence)[]
  /** True for what only the operator's own labeler can be asked; left out for others. */
  readonly isOwnOnly?: true
  /**
   * Makes the check. Trouble on the network is a finding; an `AppError` that it throws all the same is shown as `unknown`.
   * The signal aborts when the check has taken too long.
   */
  run(
    evidence: Pick<Evidence, Needed> & Partial<Evidence>,
    deps: DoctorDeps,
    signal: AbortSignal,
  ): Promise<Outcome>
}

/** Returns one finding for several: the worst status, every text of that status, and each of their fixes once. */
export function combine(findings: readonly Finding[], ok: string): Finding {
  const worst = (['fail', 'warn', 'unknown'] as const).find((status) =>
    findings.some((finding) => finding.status === status),
  )
  if (worst === undefined) return { status: 'ok', says: ok }
  // A warning beside a failure is still worth reading.
  const shown = findings.filter(({ status }) => status === worst || (worst === 'fail' && status === 'warn'))
  const fixes = [...new Set(shown.flatMap(({ fix }) => (fix === undefined ? [] : [fix])))]
  return {
    status: worst,
    says: shown.map(({ says }) => says).join('; '),
    ...(fixes.length === 0 ? {} : { fix: fixes.join('. ') }),
  }
}

/** Returns a number with its noun: `1 label`, `2 labels`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
