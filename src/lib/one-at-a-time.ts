/**
 * Returns a function that runs `work`, never twice at a time, and resolves when a run that began after the call has ended.
 * Whoever calls during a run shares the next one; a failure is told to those whose run it was.
 */
export function createOneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined

  async function begin(previous: Promise<void> | undefined): Promise<void> {
    // Its failure is for those who waited for it.
    await previous?.catch(() => {})
    next = undefined
    const run = work()
    running = run
    try {
      await run
    } finally {
      if (running === run) running = undefined
    }
  }
  return () => (next ??= begin(running))
}
