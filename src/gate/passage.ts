import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import { answers, answerWith } from './answer.ts'
import type { UploadOutcome } from './gate-metrics.ts'
import { hasBody } from './headers.ts'
import { HeldBody } from './held-body.ts'
import { type BodyTimes, PieceReader } from './read-piece.ts'
import { relayAnswer, type Upstream } from './upstream.ts'

/** How far the body of an upload came. */
export type Arrival = 'whole' | 'slow' | 'too-large' | 'over'

/** How long the caller and the PDS may take, in milliseconds. */
export type PassageTimes = BodyTimes & {
  /** For the PDS to take what it is sent, and from the verdict to its answer. */
  readonly answerMs: number
}

/** Bounds of a passage. */
export type PassageOptions = PassageTimes & {
  /** No more bytes are expected of a picture, whatever its head announces. */
  readonly maxPictureBytes: number
}

/** One upload on its way: its two ends, and what the PDS says. Disposal ends what is not whole at the PDS. */
export class Passage implements Disposable {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly held: HeldBody
  readonly reader: PieceReader
  readonly #over = new AbortController()
  readonly #upstream: ClientRequest
  readonly #answer: Promise<IncomingMessage>
  readonly #answerMs: number

  /** The PDS gets the head at once, so that it can say no to the caller itself. */
  constructor(
    upstream: Upstream,
    request: IncomingMessage,
    response: ServerResponse,
    options: PassageOptions,
  ) {
    this.request = request
    this.response = response
    this.#answerMs = options.answerMs
    this.#upstream = upstream.open(request)
    this.#answer = new Promise((resolve, reject) => {
      this.#upstream.once('response', resolve).on('error', reject)
    })
    const end = (): void => this.#over.abort()
    this.#answer.then(end, end)
    response.once('close', () => {
      // Whatever waits for the PDS to take more of the body, or to answer, is waiting for nobody.
      if (!response.writableFinished) this.#upstream.destroy()
      end()
    })
    this.#upstream.on('continue', () => response.writeContinue())
    const announced = Number(request.headers['content-length'] ?? 0)
    this.held = new HeldBody(this.#upstream, {
      expectedBytes: Math.min(announced, options.maxPictureBytes),
      stallMs: options.answerMs,
    })
    this.reader = new PieceReader(request, options, this.over)
    if (hasBody(request)) this.#upstream.flushHeaders()
  }

  /** Aborted when the caller has left or the PDS has answered, or cannot be reached. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /** Gives the upload up at the PDS: what it has is no blob. */
  giveUp(): void {
    this.held.drop()
    this.#upstream.destroy()
  }

  /** Ends an upload whose body is not whole, or that is over: with the PDS's answer where there is one. */
  async endEarly(arrival: Exclude<Arrival, 'whole'>): Promise<UploadOutcome> {
    this.reader.discard()
    if (arrival !== 'over') {
      this.giveUp()
      answerWith(this.response, arrival === 'slow' ? answers.slow : answers.tooLarge)
      return arrival
    }
    if (this.response.destroyed) return 'left'
    return (await this.#relay()) ? 'answered' : 'upstream-failed'
  }

  /** Sends the rest of the body and hands the PDS's answer over; a PDS that takes longer than that is given up. */
  async release(outcome: 'passed' | 'passed-unjudged'): Promise<UploadOutcome> {
    if (this.over.aborted) return await this.endEarly('over')
    const { response } = this
    const timer = setTimeout(() => {
      if (!response.headersSent) answerWith(response, answers.upstreamSlow)
      this.#upstream.destroy()
    }, this.#answerMs)
    try {
      await this.held.release()
      if (await this.#relay()) return outcome
      return response.destroyed && !response.writableFinished ? 'left' : 'upstream-failed'
    } finally {
      clearTimeout(timer)
    }
  }

  [Symbol.dispose](): void {
    this.held.drop()
    // A request that is not whole leaves a connection that nobody can use.
    if (!this.#upstream.writableEnded) this.#upstream.destroy()
  }

  /** Hands the answer over, to its end; false when there is none. */
  async #relay(): Promise<boolean> {
    const { response } = this
    let answer: IncomingMessage
    try {
      answer = await this.#answer
    } catch {
      // Why the PDS cannot be reached is the operator's to see, at the PDS; the caller is told that it is so.
      if (!response.writableEnded) answerWith(response, answers.upstreamFailed)
      return false
    }
    if (response.headersSent || response.destroyed) return false
    const closed = new Promise<void>((resolve) => response.once('close', () => resolve()))
    relayAnswer(answer, response)
    await closed
    return true
  }
}
