import { setTimeout } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { decodeFrame, subscribeLabels } from '../../test/support/label-subscriber.ts'

/** A subscriber of a service's labels, that notes when each frame came. */
export type LabelWatch = AsyncDisposable & {
  /** Resolves to when the label of each record came, epoch milliseconds. @throws when one does not come in time. */
  arrivals(uris: readonly string[]): Promise<ReadonlyMap<string, number>>
}

/** The longest that labels are waited for after the last post, in milliseconds. */
const patienceMs = 60_000

/** Subscribes; resolves once the service has accepted it. */
export async function openLabelWatch(serviceUrl: string): Promise<LabelWatch> {
  const frames: { readonly bytes: Uint8Array; readonly at: number }[] = []
  const seen = new Map<string, number>()
  const end = new AbortController()
  const open = Promise.withResolvers<void>()
  const onFrame = (bytes: Uint8Array) => {
    // The time first: what the frame says is looked at when nothing is measured.
    frames.push({ bytes, at: performance.timeOrigin + performance.now() })
  }
  const reading = read().catch(open.reject)
  await open.promise
  return {
    async arrivals(uris) {
      const giveUpAt = performance.now() + patienceMs
      for (;;) {
        for (const { bytes, at } of frames.splice(0)) take(bytes, at)
        const missing = uris.filter((uri) => !seen.has(uri))
        if (missing.length === 0) return seen
        if (performance.now() > giveUpAt)
          throw new Error(`Expected a label for each post but ${missing.length} of ${uris.length} have none`)
        await setTimeout(200)
      }
    },
    async [Symbol.asyncDispose]() {
      end.abort()
      await reading
    },
  }

  async function read(): Promise<void> {
    const options = { cursor: 0, signal: end.signal, onOpen: () => open.resolve(), onFrame }
    for await (const _ of subscribeLabels(serviceUrl, options));
  }

  function take(bytes: Uint8Array, at: number): void {
    const frame = decodeFrame(bytes)
    if (frame.kind !== 'labels') throw new Error(`Expected labels but received a frame of ${frame.kind}`)
    for (const { uri } of frame.body.labels) {
      if (seen.has(uri)) throw new Error(`Expected one label for each post but received two for ${uri}`)
      seen.set(uri, at)
    }
  }
}

/** Returns when the event of each record left the Jetstream stand-in, epoch milliseconds: what it keeps is replayed. */
export async function eventTimes(
  jetstreamUrl: string,
  uris: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const wanted = new Set(uris)
  const times = new Map<string, number>()
  const socket = new WebSocket(`${jetstreamUrl}/subscribe?cursor=1`)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.on('error', reject)
  socket.on('message', (data: Buffer) => {
    const event = JSON.parse(data.toString()) as {
      readonly did: string
      readonly time_us: number
      readonly commit?: { readonly collection: string; readonly rkey: string }
    }
    const uri = event.commit && `at://${event.did}/${event.commit.collection}/${event.commit.rkey}`
    if (uri !== undefined && wanted.has(uri)) times.set(uri, event.time_us / 1000)
    if (times.size === wanted.size) resolve()
  })
  await promise
  socket.terminate()
  return times
}
