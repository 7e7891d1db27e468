import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** Ends a child process, unless it has ended, and resolves when it is gone. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill()
  await once(child, 'exit')
}
