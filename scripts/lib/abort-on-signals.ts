import { AppError } from '../../src/lib/errors.ts'

/** A person ended the command. */
class InterruptedError extends AppError {
  override readonly name = 'InterruptedError'
  constructor(signal: NodeJS.Signals) {
    super('unavailable', `Interrupted by ${signal}`)
  }
}

/** npm passes a Ctrl-C on to a process that the terminal has told already, so one key press can arrive twice. */
const repeatMs = 1000

/**
 * Returns an abort signal that the first Ctrl-C or SIGTERM aborts, so that the command can end in order; one that comes
 * a second or more later ends the process at once. Disposal gives the signals their usual effect back.
 */
export function abortOnSignals(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController()
  const release = (): void => {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
  const interrupt = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) return
    controller.abort(new InterruptedError(name))
    setTimeout(release, repeatMs).unref()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return { signal: controller.signal, [Symbol.dispose]: release }
}
