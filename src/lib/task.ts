/** Work that goes on until it is disposed. Disposal asks it to end and waits until it has. */
export interface Task extends AsyncDisposable {
  /** Rejects when the work fails; never resolves. It must be watched from the start, or the failure is unhandled. */
  readonly failure: Promise<never>
}

/** Starts work that runs until its signal is aborted. Work that ends by itself before that has simply ended. */
export function startTask(run: (signal: AbortSignal) => Promise<void>): Task {
  const closing = new AbortController()
  const failure = Promise.withResolvers<never>()
  const ended = run(closing.signal).catch(failure.reject)
  return {
    failure: failure.promise,
    async [Symbol.asyncDispose]() {
      closing.abort()
      await ended
    },
  }
}
