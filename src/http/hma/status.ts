/*
 * Whether this is alive and up to date, in the words that probes of Hasher-Matcher-Actioner look for.
 */
import type { RequestHandler, Response } from 'express'
import type { HmaServices } from './hma-services.ts'
import type { HmaOptions } from './roles.ts'

/** Answers a probe that only asks whether the process is alive. */
export const tellAlive: RequestHandler = (_request, response) => tell(response, 200, 'I-AM-ALIVE')

/** Answers a probe before the index is loaded. */
export const tellNotLoaded: RequestHandler = (_request, response) => tell(response, 503, 'INDEX-NOT-LOADED')

/** Returns the handler that tells whether lookups can be relied on: 503 where matching is behind the banks for too long. */
export function createTellStatus(
  { indexAgeMs }: Pick<HmaServices, 'indexAgeMs'>,
  { roles, indexStaleMs }: HmaOptions,
): RequestHandler {
  return (_request, response) => {
    const isStale = roles.includes('matcher') && indexStaleMs > 0 && indexAgeMs() > indexStaleMs
    if (isStale) tell(response, 503, 'INDEX-STALE')
    else tell(response, 200, 'I-AM-ALIVE')
  }
}

function tell(response: Response, status: number, text: string): void {
  response.status(status).type('html').send(text)
}
