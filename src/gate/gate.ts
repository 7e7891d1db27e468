/*
 * The upload gate: a reverse proxy before a PDS that lets `com.atproto.repo.uploadBlob` through when no policy blocks the
 * picture, and everything else as it is.
 *
 * Owns: the way of a request to the PDS and back, what of an upload is held until its verdict, the gate's own answers, and
 * when an upload that was not judged is looked for again. Leaves to others: hashing, matching and the policy, which come as
 * functions; storing what is remembered; who may upload, which is the PDS's to say.
 * Invariants: no byte of a refused picture reaches the PDS; a body without a verdict is never whole there, so that it is no
 * blob; what is passed without a verdict is remembered first, durably; memory and time are bounded for each upload, and
 * uploads in number; an answer of ours says nothing of what matched; a message that is not refused keeps its bytes.
 *
 * gate-server.ts   the listener; is-upload.ts which requests are judged; upload.ts the story of one upload:
 *                  passage.ts its way, read-piece.ts its body, inspect-body.ts what it is, held-body.ts what the PDS gets of it when,
 *                  judge.ts the verdict, claimed-account.ts whose it is, answer.ts what callers are told
 * upstream.ts      the PDS; headers.ts what passes; pass-through.ts other requests; tunnel.ts WebSockets
 * recheck.ts       the later look at what was not judged; gate-metrics.ts what is counted
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { answers, answerWith } from './answer.ts'
import { openGateServer } from './gate-server.ts'
import { namesUpload } from './is-upload.ts'
import { passThrough } from './pass-through.ts'
import { openTunnel } from './tunnel.ts'
import { passUpload, type UploadDeps, type UploadOptions } from './upload.ts'
import { createUpstream } from './upstream.ts'

/** What the gate needs. */
export type GateDeps = Omit<UploadDeps, 'upstream'>

/** Where the gate stands, and its bounds. */
export type GateOptions = UploadOptions & {
  /** The origin of the PDS. */
  readonly upstream: string
  readonly host: string
  readonly port: number
  /** What becomes of requests that are no upload. */
  readonly others: 'pass' | 'refuse'
  /** Uploads under way at once; one more is refused. */
  readonly atOnce: number
}

/** A gate that listens. Disposal lets uploads that are under way end, for at most two seconds. */
export interface Gate extends AsyncDisposable {
  /** How to reach it from this machine. */
  readonly url: string
  /** How many uploads are under way. */
  readonly uploads: number
  /** Rejects when something that Harrier owns fails, such as the store: the process should end. Never resolves. */
  readonly failure: Promise<never>
}

/** Opens the gate. @throws {AppError} `unavailable` when its address cannot be listened on. */
export async function openGate(deps: GateDeps, options: GateOptions): Promise<Gate> {
  await using opening = new AsyncDisposableStack()
  const upstream = opening.use(createUpstream(options.upstream))
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => {})
  let uploads = 0

  async function takeUpload(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (uploads >= options.atOnce) {
      answerWith(response, answers.busy)
      deps.metrics.uploadDone('busy')
      return
    }
    uploads += 1
    try {
      deps.metrics.uploadDone(await passUpload({ ...deps, upstream }, options, request, response))
    } catch (error) {
      if (!response.writableEnded) answerWith(response, answers.notChecked)
      failure.reject(error)
    } finally {
      uploads -= 1
    }
  }

  const server = opening.use(
    await openGateServer(
      // Longer than an upload may take, so that those that are slow get an answer from us.
      { host: options.host, port: options.port, requestMs: options.bodyMs + 10_000 },
      {
        onRequest(request, response) {
          const isUpload = namesUpload(request.url ?? '')
          if (isUpload && request.method === 'POST') void takeUpload(request, response)
          else if (isUpload || options.others === 'pass') passThrough(upstream, request, response)
          else answerWith(response, answers.notHere)
        },
        onWebSocket(request, socket, head) {
          if (options.others === 'pass') openTunnel(upstream, request, socket, head)
          else socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
        },
      },
    ),
  )
  const open = opening.move()
  return {
    url: server.url,
    get uploads() {
      return uploads
    },
    failure: failure.promise,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
