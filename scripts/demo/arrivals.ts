/** Things that arrive under a key, each kept until it is asked for, whichever comes first. */
export class Arrivals<T> {
  readonly #slots = new Map<string, PromiseWithResolvers<T>>()

  /** Hands over what arrived; the first under a key counts. */
  arrive(key: string, value: T): void {
    this.#slot(key).resolve(value)
  }

  /**
   * Resolves to what arrived or will arrive under the key.
   * @throws the signal's reason when it is aborted first.
   */
  async wait(key: string, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted()
    const aborted = Promise.withResolvers<never>()
    const abort = (): void => aborted.reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      return await Promise.race([this.#slot(key).promise, aborted.promise])
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  #slot(key: string): PromiseWithResolvers<T> {
    const slot = this.#slots.get(key) ?? Promise.withResolvers<T>()
    this.#slots.set(key, slot)
    return slot
  }
}
