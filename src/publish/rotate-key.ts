/**
 * Changing the label key without ever serving a label that nobody can verify.
 *
 * Subscribers check labels against the key in the labeler's DID document. So: the next key is on the disk before anybody
 * hears of it; labels are held back (`served-labels.ts`) before the document changes; once the document names the next
 * key, that becomes the live one, and labels are served again, signed anew. Each step is durable and can be repeated: a
 * change that was cut short goes on where it was, with the key that was made then, and the service itself settles one
 * whose command has died.
 */
import type { KeyFolder } from '../atproto/key-folder.ts'
import type { LabelKeyDocument } from '../atproto/label-key-document.ts'
import { AppError } from '../lib/errors.ts'
import { pause } from '../lib/pause.ts'
import type { Did } from '../model/ids.ts'
import type { Database } from '../store/database.ts'

/** Times of a change of keys, in milliseconds. */
export type RotateKeyTimes = {
  /** For what was read before the hold to reach subscribers, and for them to verify it. */
  readonly settleMs: number
  /** How long labels are held back for a document that does not change. */
  readonly giveUpMs: number
  /** How long they are held back after an update that failed, since it may have gone through all the same. */
  readonly doubtMs: number
  /** How often the document is looked at meanwhile. */
  readonly lookMs: number
}

/** The times that the service and the command work with. */
export const rotateKeyTimes: RotateKeyTimes = {
  settleMs: 3000,
  giveUpMs: 600_000,
  doubtMs: 10_000,
  lookMs: 1000,
}

/** What changing keys needs. */
export type RotateKeyDeps = {
  readonly database: Pick<Database, 'keys' | 'transaction'>
  readonly folder: Pick<KeyFolder, 'next' | 'openNext' | 'promote'>
  /** The labeler. */
  readonly src: Did
  readonly document: LabelKeyDocument
  readonly now: () => Date
  readonly times: RotateKeyTimes
}

/** Holds labels back, and serves them again. */
export type LabelHold = { readonly hold: () => Promise<void>; readonly release: () => Promise<void> }

/**
 * Writes the next key (`did:key:…`) into a DID document. It awaits `hold` right before the document changes, and may
 * `release` when it knows that it has not.
 */
export type UpdateDocument = (nextKey: string, labels: LabelHold) => Promise<void>

/** How a change of keys is asked for. */
export type RotateKeyRequest = {
  /** Writes the next key into a DID document that is not ours. */
  readonly update: UpdateDocument
  /** Changes the key even if that was done within the hour; otherwise that is taken for what was asked. */
  readonly isAgain: boolean
}

/** What became of a change of keys. */
export type KeyRotation = {
  /** The key that is live now. */
  readonly didKey: string
  /** The one before it; undefined when this call found the change made. */
  readonly retired: string | undefined
  /** Labels that are still to be signed anew. */
  readonly stale: number
}

/** The document did not come to name the next key in time; nothing has changed, and the same key is used next time. */
export class DocumentUnchangedError extends AppError {
  override readonly name = 'DocumentUnchangedError'
  constructor(nextKey: string) {
    super(
      'conflict',
      `Expected the DID document to name ${nextKey} as #atproto_label but it does not yet; labels go on with the key ` +
        'before it. Run harrier key rotate again: it goes on with the same key',
    )
  }
}

/**
 * Changes the label key: makes the next one, has `update` write it into the DID document where that is not ours, and makes
 * it the live one as soon as the document names it. Safe to repeat after a crash at any line: no second key is made, and
 * a change that was completed within the hour is only reported.
 *
 * @throws {DocumentUnchangedError} when the document does not change in time.
 * @throws what `update` throws, once labels are served again with the old key, unless the document changed all the same.
 */
export async function rotateKey(
  deps: RotateKeyDeps,
  { update, isAgain }: RotateKeyRequest,
  signal: AbortSignal,
): Promise<KeyRotation> {
  const { database, folder, document, times } = deps
  const { keys } = database
  const { live: before, next: begun } = await keys.load()
  if (before !== undefined && (await folder.next())?.did() === before) folder.promote()
  if (before !== undefined && begun === undefined && !isAgain && (await isRecent(deps, before)))
    return { didKey: before, retired: undefined, stale: await keys.countStale() }
  const next = (await folder.openNext()).did()
  await database.transaction((stores) => stores.keys.propose(next, deps.now().toISOString()))
  const hold = async (): Promise<void> => {
    await keys.hold(deps.now().toISOString())
    await pause(times.settleMs, signal)
  }
  const isNamed = document.isOurs || (await document.resolveKey(signal)) === next
  const failure = isNamed
    ? await hold()
    : await update(next, { hold, release: keys.release }).catch((cause: unknown) => ({ cause }))
  if (!(await becomesLive(deps, next, failure ? times.doubtMs : times.giveUpMs, signal))) {
    await keys.release()
    signal.throwIfAborted()
    throw failure ? failure.cause : new DocumentUnchangedError(next)
  }
  return { didKey: next, retired: before, stale: await keys.countStale() }
}

/** A command that died does not know that the service has finished its change; whoever repeats it means that one. */
async function isRecent({ database, now }: RotateKeyDeps, live: string): Promise<boolean> {
  const known = await database.keys.list()
  const since = known.find(({ didKey }) => didKey === live)?.since ?? ''
  const isFirst = !known.some(({ state }) => state === 'retired')
  return !isFirst && now().getTime() - Date.parse(since) < recentMs
}

/** Waits, while labels are held back, for the next key to become the live one; false when it does not in time. */
async function becomesLive(
  deps: RotateKeyDeps,
  next: string,
  maxHeldMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  while (true) {
    await settleKeyChange(deps, signal)
    const { live, heldSince } = await deps.database.keys.load()
    if (live === next) return true
    if (heldSince === undefined || heldMsOf(deps, heldSince) >= maxHeldMs || signal.aborted) return false
    await pause(deps.times.lookMs, signal)
  }
}

/**
 * Looks once at a change of keys, and ends it when it can be: `changed` when the document names the next key, which is
 * live from then on; `given-up` when it has not in time; `waiting` when it may yet, or cannot be had. `idle` means that
 * labels are not held back for a change. Several processes may do so at once.
 */
export async function settleKeyChange(
  deps: RotateKeyDeps,
  signal: AbortSignal,
): Promise<'idle' | 'changed' | 'given-up' | 'waiting'> {
  const { next, heldSince } = await deps.database.keys.load()
  if (next === undefined) return 'idle'
  const heldMs = heldSince === undefined ? undefined : heldMsOf(deps, heldSince)
  const named = await loadNamed(deps, next, heldMs ?? 0, signal)
  if (named === next) {
    await makeLive(deps, next)
    return 'changed'
  }
  if (heldMs === undefined) return 'idle'
  if (heldMs < deps.times.giveUpMs || named === undefined) return 'waiting'
  await deps.database.keys.release()
  return 'given-up'
}

/** The key that the document names, if that can be told; ours names the next one once labels were held back long enough. */
async function loadNamed(
  { document, times }: RotateKeyDeps,
  next: string,
  heldMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (document.isOurs) return heldMs >= times.settleMs ? next : undefined
  try {
    return await document.resolveKey(signal)
  } catch (error) {
    if (error instanceof AppError || signal.aborted) return undefined
    throw error
  }
}

async function makeLive({ database, folder, src, now }: RotateKeyDeps, next: string): Promise<void> {
  const at = now().toISOString()
  await database.transaction(async ({ keys, audit }) => {
    const { live, next: planned } = await keys.load()
    // Another process was first.
    if (planned !== next) return
    await keys.makeLive(next, at)
    const details = { from: live, to: next }
    await audit.append([{ at, actor: 'harrier', action: 'key.rotated', subject: src, details }])
  })
  folder.promote()
}

function heldMsOf({ now }: RotateKeyDeps, heldSince: string): number {
  return now().getTime() - Date.parse(heldSince)
}

/** How long ago a change may lie to be taken for the one that is asked for, in milliseconds. */
const recentMs = 3_600_000
/** How often, in milliseconds, a change that nobody holds labels back for is looked for. */
const idleLookMs = 15_000

/**
 * Settles changes of keys whose command has died, or whose document was changed by hand, until the signal is aborted.
 * `onChange` is called after each that labels were held back for, however it ended.
 */
export async function settleKeyChanges(
  deps: RotateKeyDeps,
  onChange: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const step = await settleKeyChange(deps, signal)
    if (step === 'changed' || step === 'given-up') await onChange()
    await pause(step === 'waiting' ? deps.times.lookMs : idleLookMs, signal)
  }
}
