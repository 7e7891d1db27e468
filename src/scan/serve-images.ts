import { messageOf } from '../lib/errors.ts'
import type { HashPlan } from '../model/hash-plan.ts'
import type { HashOutcome } from './hash-image.ts'
import type { HashRequest } from './hash-message.ts'
import { openRequestPipe } from './hash-pipe.ts'

/**
 * Answers the pool's requests in a decoder process, one after the other, until the pool is gone; then the process ends.
 * While an image is decoded the next one arrives, so that a core never waits for the service.
 */
export function serveImages(hashImage: (bytes: Uint8Array, plan: HashPlan) => Promise<HashOutcome>): void {
  const waiting: { readonly request: HashRequest; isRecalled: boolean }[] = []
  let isWorking = false
  // A terminal's Ctrl-C reaches the whole group; the parent decides when its children end.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => {})

  const pipe = openRequestPipe({
    onRequest(request) {
      waiting.push({ request, isRecalled: false })
      if (!isWorking) void work()
    },
    onRecall() {
      const newest = waiting.at(-1)
      if (newest) newest.isRecalled = true
    },
    // The parent is gone. A plain exit would wait for a decode that may never end.
    onEnd: () => process.kill(process.pid, 'SIGKILL'),
  })
  pipe.send({ kind: 'ready' })

  async function work(): Promise<void> {
    isWorking = true
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { bytes, plan } = next.request
      try {
        pipe.send(
          next.isRecalled ? { kind: 'recalled' } : { kind: 'done', outcome: await hashImage(bytes, plan) },
        )
      } catch (error) {
        pipe.send({ kind: 'failed', message: messageOf(error) })
      }
      pipe.release(bytes)
    }
    isWorking = false
  }
}

/** Reads the limits that the pool starts a decoder process with. @throws when one is not a whole number. */
export function parseProcessLimits(argv: readonly string[]): { maxPixels: number; maxMemoryBytes: number } {
  const [, , maxPixels, maxMemoryBytes] = argv
  return {
    maxPixels: parseLimit('maxPixels', maxPixels),
    maxMemoryBytes: parseLimit('maxMemoryBytes', maxMemoryBytes),
  }
}

function parseLimit(name: string, text: string | undefined): number {
  const limit = Number(text)
  if (!Number.isSafeInteger(limit))
    throw new Error(`Expected a whole number for ${name} but received ${text}`)
  return limit
}
