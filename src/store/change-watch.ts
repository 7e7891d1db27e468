import { pause } from '../lib/pause.ts'
import type { Database } from './database.ts'

/** Watches for commits of other processes until disposed. */
export interface ChangeWatch extends AsyncDisposable {
  /** Rejects when the store or the callback fails; never resolves otherwise. */
  readonly failure: Promise<never>
}

/**
 * Calls `onChange` after other connections have committed: the operator's commands write to the same store. Looks every
 * `everyMs` milliseconds, which costs the store one page read; calls never overlap.
 */
export function openChangeWatch(
  database: Pick<Database, 'outsideVersion'>,
  onChange: () => Promise<void>,
  everyMs: number,
): ChangeWatch {
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => {}) // whoever awaits `failure` reports it; until then it is no unhandled rejection
  const closing = new AbortController()
  const loop = watch().catch(failure.reject)

  async function watch(): Promise<void> {
    let seen = await database.outsideVersion()
    while (!closing.signal.aborted) {
      await pause(everyMs, closing.signal)
      const version = await database.outsideVersion()
      if (version === seen || closing.signal.aborted) continue
      seen = version
      await onChange()
    }
  }

  return {
    failure: failure.promise,
    async [Symbol.asyncDispose]() {
      closing.abort()
      await loop
    },
  }
}
