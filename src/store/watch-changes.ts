import { pause } from '../lib/pause.ts'
import type { Database } from './database.ts'

/**
 * Calls `onChange` after other connections have committed, until the signal is aborted: the operator's commands write to
 * the same store. Looks every `everyMs` milliseconds, which costs the store one page read; calls never overlap.
 */
export async function watchChanges(
  database: Pick<Database, 'outsideVersion'>,
  onChange: () => Promise<void>,
  everyMs: number,
  signal: AbortSignal,
): Promise<void> {
  let seen = await database.outsideVersion()
  while (!signal.aborted) {
    await pause(everyMs, signal)
    const version = await database.outsideVersion()
    if (version === seen || signal.aborted) continue
    seen = version
    await onChange()
  }
}
