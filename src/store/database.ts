/**
 * The store's front door: everything Harrier remembers, behind one port.
 *
 * Owns: the durable state (jobs, the stream cursor, image hashes, banks, labels, matches, reviews with their reports and
 * evidence, audit, DID documents, used tokens, API keys and what was done with them, what is to be sent to others), its schema and its transactions. Leaves to others: what any row means for
 * a person, and every decision.
 * Invariants: a promise that resolves means that the change is durable, in `withoutSync` against the end of the process alone; `seq` rises in commit order and is never
 * reused, even by a database that is put in the place of one that was lost; audit rows are only ever added, each chained to the one before it; nothing here reads a clock or the network.
 *
 * `sqlite.ts` opens the implementation, `schema.ts` and `migrations.ts` hold the tables, and each `*-store.ts` file one
 * family of them. Other parts import types from here only, and take the part they use.
 */

import type { WebhookEvent } from '../model/webhook-event.ts'
import type { AnnouncedImageStore } from './announced-image-store.ts'
import type { ApiActionStore } from './api-action-store.ts'
import type { ApiKeyStore } from './api-key-store.ts'
import type { AuditStore } from './audit-store.ts'
import type { BankChangeStore } from './bank-change-store.ts'
import type { BankStore } from './bank-store.ts'
import type { BrakeStore } from './brake-store.ts'
import type { SequenceStart } from './continue-sequence.ts'
import type { CurationStore } from './curation-store.ts'
import type { CursorStore } from './cursor-store.ts'
import type { DidStore } from './did-store.ts'
import type { EffectStore } from './effect-store.ts'
import type { EmissionStore } from './emission-store.ts'
import type { EvidenceStore } from './evidence-store.ts'
import type { ExchangeRecordStore } from './exchange-record-store.ts'
import type { ExchangeStore } from './exchange-store.ts'
import type { ImageStore } from './image-store.ts'
import type { ImportStore } from './import-store.ts'
import type { JobStore } from './job-store.ts'
import type { KeyStore } from './key-store.ts'
import type { LabelStore } from './label-store.ts'
import type { MatchStore } from './match-store.ts'
import type { OutboxStore } from './outbox-store.ts'
import type { ProvenanceStore } from './provenance-store.ts'
import type { RecordedSettingStore } from './recorded-setting-store.ts'
import type { RemovalStore } from './removal-store.ts'
import type { ReplayStore } from './replay-store.ts'
import type { RescanStore } from './rescan-store.ts'
import type { ReversalStore } from './reversal-store.ts'
import type { ReviewDecisionStore } from './review-decision-store.ts'
import type { ReviewStore } from './review-store.ts'
import type { SubjectFetchStore } from './subject-fetch-store.ts'
import type { SubscriptionStore } from './subscription-store.ts'
import type { TokenStore } from './token-store.ts'
import type { UploadStore } from './upload-store.ts'
import type { VerdictStore } from './verdict-store.ts'

/** Every family of tables. */
export interface Stores {
  readonly announcedImages: AnnouncedImageStore
  readonly apiActions: ApiActionStore
  readonly apiKeys: ApiKeyStore
  readonly audit: AuditStore
  readonly bankChanges: BankChangeStore
  readonly banks: BankStore
  readonly brakes: BrakeStore
  readonly curation: CurationStore
  readonly cursors: CursorStore
  readonly dids: DidStore
  readonly effects: EffectStore
  readonly emissions: EmissionStore
  readonly evidence: EvidenceStore
  readonly exchangeRecords: ExchangeRecordStore
  readonly exchanges: ExchangeStore
  readonly images: ImageStore
  readonly imports: ImportStore
  readonly jobs: JobStore
  readonly keys: KeyStore
  readonly labels: LabelStore
  readonly matches: MatchStore
  readonly outbox: OutboxStore
  readonly recordedSettings: RecordedSettingStore
  readonly provenance: ProvenanceStore
  readonly removals: RemovalStore
  readonly replays: ReplayStore
  readonly reversals: ReversalStore
  readonly rescans: RescanStore
  readonly reviewDecisions: ReviewDecisionStore
  readonly reviews: ReviewStore
  readonly subjectFetches: SubjectFetchStore
  readonly tokens: TokenStore
  readonly subscriptions: SubscriptionStore
  readonly uploads: UploadStore
  readonly verdicts: VerdictStore
}

/**
 * Puts events into the outbox for everyone who is to hear of them, in the transaction that causes them; or for one endpoint
 * alone, by its id, that would not hear of them otherwise. Returns how many messages that are.
 */
export type Announce = (
  stores: Pick<Stores, 'outbox'>,
  events: readonly WebhookEvent[],
  at: string,
  only?: string,
) => Promise<number>

/** What is written without waiting for the disk: see `Database.withoutSync`. */
export type Unsynced = Stores & Pick<Database, 'transaction'>

/** The whole store. Implementations differ in where the bytes are and how many processes may share them. */
export interface Database extends Stores, AsyncDisposable {
  /**
   * Runs `work` in one transaction over the stores it is given, and resolves once that is durable. A rejection rolls
   * everything back. Transactions do not nest; use only the given stores inside.
   */
  transaction<T>(work: (stores: Stores) => Promise<T>): Promise<T>
  /**
   * Runs `work` as `transaction` does, in one that it may share with others' work: they wait for the disk together. A
   * rejection undoes that work alone; a promise that resolves means durable, as ever. `work` may await nothing but the
   * given stores, for the others wait with it, and it may run twice: again when others' work made the first run undone.
   */
  sharedTransaction<T>(work: (stores: Stores) => Promise<T>): Promise<T>
  /**
   * Runs `work` over stores, and transactions, that do not wait for the disk: what they wrote outlives this process, and a loss
   * of power may take it, with all that was written after it, until the next commit that waits. For what is found or done again
   * then, and nobody outside has been told of. Use only what is given inside.
   */
  withoutSync<T>(work: (unsynced: Unsynced) => Promise<T>): Promise<T>
  /** How the label sequence went on at the opening: it may have been raised above labels that are lost. */
  readonly sequence: SequenceStart
  /** Changes whenever another connection has committed; equal values mean nothing has come from outside. */
  outsideVersion(): Promise<number>
  /**
   * Lets this connection use 64 MiB of memory and 256 MiB of disk to be quick with large transactions, until it is
   * disposed: then the log is copied back, so that no other process has to.
   */
  prepareForBulk(): Promise<AsyncDisposable>
}
