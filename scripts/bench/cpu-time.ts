import { readdirSync, readFileSync } from 'node:fs'

/** Returns the processes that a process has started from its main thread and that live. Linux only. */
export function childPids(parent: number): readonly number[] {
  const text = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}

/** Returns the processor time of all threads of processes so far, in milliseconds; of threads that live. Linux only. */
export function cpuMsOf(pids: readonly number[]): number {
  const nanoseconds = pids.flatMap((pid) =>
    readdirSync(`/proc/${pid}/task`).map((thread) =>
      Number.parseInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')),
    ),
  )
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6
}
