import { readFile } from 'node:fs/promises'

/** How often a process is looked at, in milliseconds. */
const intervalMs = 20

/**
 * Calls `onExceeded` once when a process holds more than `maxBytes` of memory. Dispose to stop. Where there is no
 * `/proc` it never calls: other systems bound memory by the pixel limit alone.
 */
export function watchMemory(pid: number, maxBytes: number, onExceeded: (bytes: number) => void): Disposable {
  const timer = setInterval(() => {
    void residentBytes(pid).then((bytes) => {
      if (bytes === undefined || bytes <= maxBytes || stopped) return
      stop()
      onExceeded(bytes)
    })
  }, intervalMs)
  timer.unref()
  let stopped = false

  function stop(): void {
    stopped = true
    clearInterval(timer)
  }
  return { [Symbol.dispose]: stop }
}

/** Returns the memory that a process holds, in bytes, or undefined when the process or `/proc` is not there. */
async function residentBytes(pid: number): Promise<number | undefined> {
  let status: string
  try {
    status = await readFile(`/proc/${pid}/status`, 'utf8')
  } catch {
    // Not Linux, or the process has ended: there is nothing to measure.
    return undefined
  }
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
  return kib === undefined ? undefined : Number(kib) * 1024
}
