import { AppError, messageOf } from '../lib/errors.ts'
import type { Did } from '../model/ids.ts'
import type { LabelBatch, LabelOutcome } from './label-state.ts'

/** The AppView's database, as far as it is ours. Disposal closes its connections. */
export interface AppviewStore extends AsyncDisposable {
  /** Returns how far a labeler's stream is in the table: the highest seq whose labels are; undefined before the first. */
  loadCursor(labeler: Did): Promise<number | undefined>
  /** Forgets how far the labelers were read, so that they are read from their beginning. Labels stay. */
  forgetCursors(labelers: readonly Did[]): Promise<void>
  /**
   * Writes a batch and its cursor in one transaction, and returns what became of each label, in order. A batch without
   * labels moves the cursor alone.
   * @throws {CursorMovedError} when the labeler's cursor is not where the batch builds on; nothing is written.
   * @throws {DatabaseUnavailableError} when the database is away: whether anything was written is not known, and the
   * cursor tells.
   */
  commit(batch: LabelBatch): Promise<readonly LabelOutcome[]>
}

/** Somebody else reads the same labeler into the same database. */
export class CursorMovedError extends AppError {
  override readonly name = 'CursorMovedError'
  constructor(labeler: Did) {
    super(
      'conflict',
      `Expected to be the only one that follows ${labeler} into this database but received a cursor that another process had moved; run one appview-sync per labeler and database`,
    )
  }
}

/** The database cannot be reached or is shutting down: the same call may succeed later. */
export class DatabaseUnavailableError extends AppError {
  override readonly name = 'DatabaseUnavailableError'
  constructor(cause: unknown) {
    super('unavailable', `Expected the AppView’s database to answer but received: ${reasonOf(cause)}`, {
      cause,
    })
  }
}

/** The database refuses what we ask, and will again: the message says what to mend. */
export class DatabaseRefusedError extends AppError {
  override readonly name = 'DatabaseRefusedError'
}

/** A refused connection to several addresses has a code and no message. */
function reasonOf(cause: unknown): string {
  const { code } = cause as { readonly code?: unknown }
  return messageOf(cause) || (typeof code === 'string' ? code : 'nothing')
}
