/** Shares one running call among all who ask for the same key meanwhile. */
export type Coalescer<Value> = (
  key: string,
  signal: AbortSignal,
  start: (shared: AbortSignal) => Promise<Value>,
) => Promise<Value>

type Shared<Value> = { readonly result: Promise<Value>; readonly stop: AbortController; callers: number }

/**
 * Returns a coalescer. A caller whose signal aborts leaves at once with its own reason; the shared call's signal aborts
 * when the last one has left. Nothing is kept after a call ends.
 */
export function createCoalescer<Value>(): Coalescer<Value> {
  const running = new Map<string, Shared<Value>>()

  return async (key, signal, start) => {
    signal.throwIfAborted()
    const shared = running.get(key) ?? begin(key, start)
    shared.callers++
    const left = Promise.withResolvers<never>()
    const leave = (): void => left.reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    try {
      return await Promise.race([shared.result, left.promise])
    } finally {
      signal.removeEventListener('abort', leave)
      shared.callers--
      if (shared.callers === 0) end(key, shared)
    }
  }

  function begin(key: string, start: (shared: AbortSignal) => Promise<Value>): Shared<Value> {
    const stop = new AbortController()
    const shared: Shared<Value> = { result: start(stop.signal), stop, callers: 0 }
    running.set(key, shared)
    return shared
  }

  /** Also ends a call that nobody waits for any more; its rejection has been seen by the race of every caller. */
  function end(key: string, shared: Shared<Value>): void {
    if (running.get(key) === shared) running.delete(key)
    shared.stop.abort()
  }
}
