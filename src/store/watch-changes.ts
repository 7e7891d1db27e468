import { pause } from '../lib/pause.ts'
import type { Database } from './database.ts'

/**
 * Calls `onChange` after other connections have committed, until the signal is aborted: the operator's commands write to
 * the same store. Looks every `everyMs` milliseconds, which costs the store one page read; calls never overlap. `onLook` is called
 * after every look, when what it found was taken in.
 */
export async function watchChanges(
  database: Pick<Database, 'outsideVersion'>,
  onChange: () => Promise<void>,
  everyMs: number,
  signal: AbortSignal,
  onLook: () => void = () => {},
): Promise<void> {
  let seen = await database.outsideVersion()
  while (!signal.aborted) {
    await pause(everyMs, signal)
    const version = await database.outsideVersion()
    if (signal.aborted) return
    if (version !== seen) {
      seen = version
      await onChange()
    }
    onLook()
  }
}
