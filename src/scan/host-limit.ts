/** Runs a download when its host has room. A caller that waits leaves as soon as its signal aborts. */
export type HostLimit = <Value>(
  host: string,
  signal: AbortSignal,
  run: () => Promise<Value>,
) => Promise<Value>

type Host = { running: number; readonly waiting: (() => void)[] }

/**
 * Returns a limit of how many downloads of each host run at the same time, first come first served. It remembers only
 * hosts with a download running or waiting.
 */
export function createHostLimit(maxPerHost: number): HostLimit {
  const hosts = new Map<string, Host>()

  return async (name, signal, run) => {
    signal.throwIfAborted()
    const host = hosts.get(name) ?? { running: 0, waiting: [] }
    hosts.set(name, host)
    if (host.running < maxPerHost) host.running++
    else await waitForRoom(host, signal)
    try {
      return await run()
    } finally {
      leave(name, host)
    }
  }

  /** The room passes to the one who has waited longest, or is given back. */
  function leave(name: string, host: Host): void {
    const next = host.waiting.shift()
    if (next) return next()
    host.running--
    if (host.running === 0) hosts.delete(name)
  }
}

/** Resolves when the room of another has passed to this caller; rejects with the signal's reason. */
async function waitForRoom(host: Host, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const leaveQueue = (): void => {
    host.waiting.splice(host.waiting.indexOf(resolve), 1)
    reject(signal.reason)
  }
  host.waiting.push(resolve)
  signal.addEventListener('abort', leaveQueue, { once: true })
  await promise.finally(() => signal.removeEventListener('abort', leaveQueue))
}
