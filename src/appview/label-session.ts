import { messageOf } from '../lib/errors.ts'
import { RefusedAddressError } from '../lib/safe-fetch.ts'
import type { OpenWebSocket } from '../lib/safe-websocket.ts'
import type { Did } from '../model/ids.ts'
import { type AppviewStore, DatabaseUnavailableError } from './appview-store.ts'
import { type LabelSocketOptions, openLabelSocket } from './label-socket.ts'
import { type LabelStreamOptions, readLabelStream } from './label-stream.ts'
import { createLabelVerifier } from './label-verifier.ts'
import type { LabelerObserver } from './labeler-observer.ts'
import { type LabelerSources, UnresolvableLabelerError } from './labeler-source.ts'
import type { SessionEnd } from './session-end.ts'

/** What following one labeler needs. */
export type SessionDeps = {
  readonly labeler: Did
  readonly store: Pick<AppviewStore, 'loadCursor' | 'commit'>
  readonly sources: LabelerSources
  readonly openWebSocket: OpenWebSocket
  readonly observer: LabelerObserver
  readonly now: () => Date
}

/** How a labeler is read. */
export type SessionOptions = LabelSocketOptions & LabelStreamOptions

/**
 * Resolves the labeler, connects where its stream was read up to, and writes what comes, until something ends that. The
 * same call goes on from where the table is then: what was not committed comes again.
 * @throws {AppError} when the database refuses, or another process follows the labeler too.
 */
export async function runSession(
  deps: SessionDeps,
  options: SessionOptions,
  signal: AbortSignal,
): Promise<SessionEnd> {
  try {
    return await resolveAndRead(deps, options, signal)
  } catch (error) {
    if (signal.aborted) return { reason: 'stopped', detail: undefined }
    const detail = messageOf(error)
    if (error instanceof UnresolvableLabelerError) return { reason: 'unresolvable', detail }
    if (error instanceof RefusedAddressError) return { reason: 'refused-address', detail }
    if (error instanceof DatabaseUnavailableError) return { reason: 'database-away', detail }
    throw error
  }
}

async function resolveAndRead(
  { labeler, store, sources, openWebSocket, observer, now }: SessionDeps,
  options: SessionOptions,
  signal: AbortSignal,
): Promise<SessionEnd> {
  const source = await sources.resolveOrRecall(labeler, signal)
  if (typeof source === 'string') return { reason: source, detail: undefined }
  const { endpoint, didKey } = source
  const cursor = await store.loadCursor(labeler)
  const verifier = createLabelVerifier({
    didKey,
    async resolveKey(stop) {
      const fresh = await sources.resolve(labeler, stop)
      return typeof fresh === 'string' ? undefined : fresh.didKey
    },
    onRefresh: observer.keyRefreshed,
    now: () => performance.now(),
  })
  using socket = openLabelSocket(openWebSocket, subscriptionUrl(endpoint, cursor), options)
  const onConnected = (): void => observer.connected({ endpoint, cursor })
  return await readLabelStream(
    { labeler, socket, verifier, store, observer, onConnected, now },
    options,
    cursor,
    signal,
  )
}

/** Cursor 0 asks for the whole history. */
function subscriptionUrl(endpoint: string, cursor = 0): URL {
  const url = new URL('/xrpc/com.atproto.label.subscribeLabels', endpoint)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  url.searchParams.set('cursor', String(cursor))
  return url
}
