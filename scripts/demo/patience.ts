import { AppError } from '../../src/lib/errors.ts'

/** Longest wait for what should take well under a second, in milliseconds. */
const patienceMs = 30_000

/** Something that the demo waits for did not come. */
class DemoStalledError extends AppError {
  override readonly name = 'DemoStalledError'
  constructor(what: string) {
    super('timeout', `Expected ${what} within ${patienceMs / 1000} s but it did not come`)
  }
}

/** Returns a signal that is aborted with the given one, or with a `DemoStalledError` when patience ends. */
export function withPatience(what: string, signal: AbortSignal): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort(new DemoStalledError(what)), patienceMs).unref()
  return AbortSignal.any([signal, controller.signal])
}
