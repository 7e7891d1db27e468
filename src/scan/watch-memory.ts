import { closeSync, openSync, readSync } from 'node:fs'

/** How often a process is looked at, in milliseconds. */
const intervalMs = 50
/** More than `/proc/PID/status` has before the line that is looked for, in bytes. */
const statusBytes = 4_096

/**
 * Calls `onExceeded` once when a process holds more than `maxBytes` of memory. Dispose to stop. Where there is no
 * `/proc` it never calls: other systems bound memory by what an image's header declares alone.
 */
export function watchMemory(pid: number, maxBytes: number, onExceeded: (bytes: number) => void): Disposable {
  const status = openStatus(pid)
  if (status === undefined) return { [Symbol.dispose]: () => {} }
  const text = Buffer.alloc(statusBytes)
  let isStopped = false
  const timer = setInterval(() => {
    const bytes = residentBytes(status, text)
    if (bytes === undefined || bytes <= maxBytes) return
    stop()
    onExceeded(bytes)
  }, intervalMs)
  timer.unref()

  function stop(): void {
    if (isStopped) return
    isStopped = true
    clearInterval(timer)
    closeSync(status as number)
  }
  return { [Symbol.dispose]: stop }
}

/** Returns a file descriptor, which stays that process's though its id be used again, or undefined when there is none. */
function openStatus(pid: number): number | undefined {
  try {
    return openSync(`/proc/${pid}/status`, 'r')
  } catch {
    // Not Linux, or the process has ended: there is nothing to measure.
    return undefined
  }
}

/** Returns the memory that a process holds, in bytes, or undefined once it has ended. It takes microseconds. */
function residentBytes(status: number, text: Buffer): number | undefined {
  let length: number
  try {
    length = readSync(status, text, 0, text.length, 0)
  } catch {
    // The process has ended; whoever started it hears so.
    return undefined
  }
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(text.toString('latin1', 0, length))?.[1]
  return kib === undefined ? undefined : Number(kib) * 1024
}
