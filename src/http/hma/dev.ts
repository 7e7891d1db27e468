/*
 * What Hasher-Matcher-Actioner serves under `/dev` to try it out, of which nothing destroys: making the sample exchange, and fetching at
 * once. `factory_reset` is not among it: one request would drop every bank.
 */
import type { RequestHandler } from 'express'
import { AppError } from '../../lib/errors.ts'
import type { ExchangeServices } from './hma-services.ts'

/** The bank and exchange that the sample is made as. */
const sampleName = 'SAMPLE'

/** Returns the handler that makes the sample exchange, where there is none. */
export function createSetUpSample(exchanges: ExchangeServices): RequestHandler {
  const setUp = async (): Promise<void> => {
    const sample = exchanges.apis.find(({ name }) => name === 'sample')
    if (!sample) throw new TypeError('Expected a kind of exchange named sample')
    await exchanges.create(sampleName, sample, {}).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.kind !== 'conflict') throw error
    })
  }
  return (_request, response, next) => {
    setUp().then(() => response.redirect('/ui/'), next)
  }
}

/** Returns the handler that has every exchange fetched now; it does not wait for that. */
export function createRunFetch(exchanges: ExchangeServices): RequestHandler {
  return (_request, response) => {
    exchanges.fetchNow()
    response.redirect('/ui/')
  }
}
