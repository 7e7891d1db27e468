/**
 * Returns a signal that aborts after the milliseconds, with a `TimeoutError`, or with the parent's reason when the parent
 * aborts first. It does what `AbortSignal.any([parent, AbortSignal.timeout(ms)])` promises; that pair is held together by
 * weak references, and once the garbage collector has passed, a request that hangs is never ended.
 *
 * The timer does not keep the process alive, and stays until it fires: a body may still be read under the signal.
 */
export function createDeadline(ms: number, parent?: AbortSignal): AbortSignal {
  const controller = new AbortController()
  const end = (reason: unknown): void => {
    clearTimeout(timer)
    parent?.removeEventListener('abort', follow)
    controller.abort(reason)
  }
  const follow = (): void => end(parent?.reason)
  const timer = setTimeout(() => end(new DOMException(`Not done within ${ms} ms`, 'TimeoutError')), ms)
  timer.unref()
  parent?.addEventListener('abort', follow)
  if (parent?.aborted) follow()
  return controller.signal
}
