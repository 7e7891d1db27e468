import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import { answers, answerWith } from './answer.ts'
import { hasBody } from './headers.ts'
import { relayAnswer, type Upstream } from './upstream.ts'

/** Passes a request that is no upload to the PDS and its answer back, both as they come and at the reader's pace. */
export function passThrough(upstream: Upstream, request: IncomingMessage, response: ServerResponse): void {
  const outgoing = upstream.open(request)
  outgoing.on('continue', () => response.writeContinue())
  outgoing.on('error', () => {
    if (!response.writableEnded) answerWith(response, answers.upstreamFailed)
  })
  outgoing.once('response', (answer) => relayAnswer(answer, response))
  response.once('close', () => {
    if (!response.writableFinished) outgoing.destroy()
  })
  if (!hasBody(request)) {
    outgoing.end()
    return
  }
  outgoing.flushHeaders()
  pipeline(request, outgoing, () => {
    // A caller that leaves ends the response too, and a PDS that fails has told so above.
    request.resume()
  })
}
