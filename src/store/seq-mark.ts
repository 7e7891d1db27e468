import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { AppError } from '../lib/errors.ts'

/** So many seqs are reserved at once: one wait for the disk in a thousand labels. */
const block = 1000

/** What the mark says. */
export type SeqMarkState = {
  /** The database that the seqs are from, 32 hex digits. */
  readonly databaseId: string
  /** No label has ever had a seq above this: it was on the disk before any such label could be committed. */
  readonly reserved: number
  /** A label with this seq was committed. It may lag behind after a loss of power, and only then. */
  readonly published: number
}

/**
 * The high-water mark of the label sequence, which outlives the database, so that no seq is ever given twice. It never
 * goes down. Every call waits, and the event loop with it, as the database's own do.
 */
export interface SeqMark {
  /** Returns what the mark says now, or undefined when there is none. @throws {SeqMarkError} */
  read(): SeqMarkState | undefined
  /**
   * Once it returns, labels up to this seq may be committed: it is on the disk that they may have been. To be called in
   * the transaction that is to commit them, which keeps processes apart.
   */
  reserve(seq: number): void
  /** Remembers that labels up to this seq are committed. Does not wait for the disk. */
  publish(seq: number): void
}

/** The mark is there and says nothing that can be read. */
export class SeqMarkError extends AppError {
  override readonly name = 'SeqMarkError'
  constructor(path: string) {
    super(
      'internal',
      `Expected the mark of the label sequence in ${path} but received other text; put back what was there, or remove ` +
        'the file and start once with --seq-floor and a number above every seq that subscribers have seen',
    )
  }
}

/**
 * The mark in a small file beside the database.
 *
 * The file is replaced as a whole, synced, when a block of seqs is reserved; in between only the digits of `published`
 * are written over, all in one sector, without a sync.
 */
export class FileSeqMark implements SeqMark {
  readonly #path: string
  readonly #databaseId: string
  #reserved = 0
  #published = 0

  constructor(path: string, databaseId: string) {
    this.#path = path
    this.#databaseId = databaseId
  }

  read(): SeqMarkState | undefined {
    return readSeqMark(this.#path)
  }

  reserve(seq: number): void {
    if (seq <= this.#reserved) return
    const known = this.read()
    // Another process may have reserved more since. A mark of another database is taken over with what it says.
    const isCovered = known !== undefined && known.databaseId === this.#databaseId && seq <= known.reserved
    const reserved = isCovered ? known.reserved : Math.max(seq + block - 1, known?.reserved ?? 0)
    if (!isCovered) this.#replace({ reserved, published: known?.published ?? 0 })
    this.#reserved = reserved
  }

  publish(seq: number): void {
    if (seq <= this.#published) return
    this.#published = seq
    const known = this.read()
    if (known === undefined) this.#replace({ reserved: Math.max(seq, this.#reserved), published: seq })
    else if (seq > known.published) this.#writePublished(seq)
  }

  #writePublished(seq: number): void {
    const file = openSync(this.#path, 'r+')
    try {
      writeSync(file, digitsOf(seq), publishedAt)
    } finally {
      closeSync(file)
    }
  }

  /** The file is on the disk under its name, whole, when this returns. */
  #replace({ reserved, published }: Pick<SeqMarkState, 'reserved' | 'published'>): void {
    const draft = `${this.#path}.${process.pid}`
    writeSynced(draft, formatMark({ databaseId: this.#databaseId, reserved, published }))
    renameSync(draft, this.#path)
    syncFolder(dirname(this.#path))
  }
}

/** A mark that remembers nothing, for a database in memory. */
export const noSeqMark: SeqMark = { read: () => undefined, reserve: () => {}, publish: () => {} }

/**
 * Returns what the mark in the file says, or undefined when there is no file.
 * @throws {SeqMarkError} when the file holds anything else.
 */
export function readSeqMark(path: string): SeqMarkState | undefined {
  const text = readIfThere(path)
  if (text === undefined) return undefined
  const [, databaseId, reserved, published] = pattern.exec(text) ?? []
  if (databaseId === undefined) throw new SeqMarkError(path)
  return { databaseId, reserved: Number(reserved), published: Number(published) }
}

const heading =
  '# The label sequence of the database beside this file. Harrier needs it when that is lost: keep it, change nothing.\n'
const pattern = /^# .*\ndatabase ([0-9a-f]{32})\nreserved (\d{16})\npublished (\d{16})\n$/
/** Where the digits of `published` begin. */
const publishedAt = formatMark({ databaseId: '0'.repeat(32), reserved: 0, published: 0 }).length - 17

function formatMark({ databaseId, reserved, published }: SeqMarkState): string {
  return `${heading}database ${databaseId}\nreserved ${digitsOf(reserved)}\npublished ${digitsOf(published)}\n`
}

/** Of one length, so that they can be written over in place. */
function digitsOf(seq: number): string {
  return String(seq).padStart(16, '0')
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function writeSynced(path: string, text: string): void {
  const file = openSync(path, 'w')
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** A rename is durable once its folder is. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
