/**
 * Declaring: makes an account a labeler, and keeps what it declares in step with the policy.
 *
 * Owns: what a labeler's DID document and service record must say, the differences between that and what they say, and
 * the changes that remove them. Leaves to others: where the key and the policy come from, asking people for passwords
 * and tokens (arguments), and finding faults from outside (the doctor).
 * Invariants: nothing is written that was not planned and shown; entries and fields that are not ours stay as they are; a
 * key or an endpoint of somebody else is replaced only when that is asked for; what holds already is not written again.
 *
 * `read-document.ts` reads the document, `update-plc.ts` changes that of a `did:plc`, `declare-record.ts` works the record
 * out, `conflict-of.ts` says what must not be replaced unasked, `owner.ts` signs in. The document of a `did:web` is only
 * looked at: whoever serves it must change it.
 */
import {
  type AccountHost,
  type AccountSession,
  type PlcMaps,
  type StoredRecord,
} from '../atproto/account-session.ts'
import { type Difference, differencesOf } from '../lib/differences.ts'
import { AppError } from '../lib/errors.ts'
import type { Did } from '../model/ids.ts'
import { type ConfirmDeps, confirmPlcUpdate } from './confirm-plc-update.ts'
import {
  planServiceRecord,
  type RecordPlan,
  serviceRecordPlace,
  type WantedRecord,
} from './declare-record.ts'
import { type DeclaredDocument, type ReadDocumentDeps, readDocument } from './read-document.ts'
import { type PlcPlan, planPlcUpdate } from './update-plc.ts'

/** What reading takes. */
export type DeclareDeps = ReadDocumentDeps & {
  /** Returns the host at an address. */
  readonly hostAt: (pdsUrl: string) => AccountHost
}

/** What an account declares now. */
export type Declared = {
  readonly did: Did
  readonly document: DeclaredDocument
  /** The account's host; undefined for a `did:web` without one, which can have no record. */
  readonly pdsUrl: string | undefined
  readonly record: StoredRecord | undefined
}

/** What the labeler is to declare. */
export type Wanted = WantedRecord & {
  /** The public half of the key that signs labels, `did:key:…`. */
  readonly labelKey: string
  /** Where labels are served: scheme, host and port. */
  readonly endpoint: string
}

/** What has to change. */
export type DeclarationPlan = {
  readonly did: Did
  readonly pdsUrl: string | undefined
  /** What the document lacks, at `verificationMethods` and `services`, whatever the DID's method. */
  readonly documentDifferences: readonly Difference[]
  /** Those of them that replace something. */
  readonly conflicts: readonly Difference[]
  /** The PLC operation; undefined when there is nothing to do, and for a `did:web`. */
  readonly plc: PlcPlan | undefined
  /** Undefined for an account without a host. */
  readonly record: RecordPlan | undefined
}

/** What writing takes, besides the plan. */
export type ApplyDeps = ConfirmDeps & {
  readonly host: AccountHost
  readonly session: AccountSession
  /** Hears of each step once it is made and read back. */
  readonly onStep: (step: DeclareStep) => void
}

/** What was written. */
export type DeclareStep = 'document-updated' | 'record-published'

/** Reads what the account declares. @throws {AppError} when the account, its document or its host cannot be had. */
export async function readDeclared(deps: DeclareDeps, did: Did, signal: AbortSignal): Promise<Declared> {
  const { document, pdsUrl } = await readDocument(deps, did, signal)
  const { collection, rkey } = serviceRecordPlace
  const record =
    pdsUrl === undefined ? undefined : await deps.hostAt(pdsUrl).fetchRecord(did, collection, rkey)
  return { did, document, pdsUrl, record }
}

/** Returns what has to change for the account to declare what is wanted. */
export function planDeclaration(declared: Declared, wanted: Wanted): DeclarationPlan {
  const { did, document, pdsUrl, record } = declared
  const entries = entriesOf(document, wanted)
  const plc = document.kind === 'plc' ? planPlcUpdate(document.operation, entries) : undefined
  const documentDifferences = plc ? plc.differences : differencesOf(document.entries, entries)
  return {
    did,
    pdsUrl,
    documentDifferences,
    conflicts: documentDifferences.filter(({ before }) => before !== undefined),
    plc: documentDifferences.length > 0 ? plc : undefined,
    record: pdsUrl === undefined ? undefined : planServiceRecord(record, wanted),
  }
}

/**
 * Makes the plan true: the document first, then the record, each of which is read back. Safe to repeat after a failure,
 * on a new plan.
 */
export async function applyDeclaration(
  deps: ApplyDeps,
  plan: DeclarationPlan,
  signal: AbortSignal,
): Promise<void> {
  if (plan.plc) {
    await confirmPlcUpdate(deps, plan.plc, signal)
    deps.onStep('document-updated')
  }
  if (plan.record && plan.record.differences.length > 0) await applyRecord(deps, plan.did, plan.record)
}

async function applyRecord(
  { session, host, onStep }: ApplyDeps,
  did: Did,
  { record, previous }: RecordPlan,
): Promise<void> {
  const { collection, rkey } = serviceRecordPlace
  await session.putRecord(collection, rkey, record, previous)
  const stored = await host.fetchRecord(did, collection, rkey)
  if (differencesOf(record, stored?.value).length > 0)
    throw new AppError('upstream', 'Expected the record as it was written but the account’s host has another')
  onStep('record-published')
}

/** The two entries that make an account a labeler. An endpoint that means the same is left as it is written. */
function entriesOf({ entries }: DeclaredDocument, { labelKey, endpoint }: Wanted): Required<PlcMaps> {
  const old = entries.services?.['atproto_labeler']
  const service = { type: 'AtprotoLabeler', endpoint }
  const isSame = old?.type === service.type && URL.parse(old.endpoint)?.href === new URL(endpoint).href
  return {
    verificationMethods: { atproto_label: labelKey },
    services: { atproto_labeler: isSame ? old : service },
  }
}
