import express, { type Express } from 'express'
import { AppError } from '../lib/errors.ts'
import { createErrorResponse } from './error-response.ts'
import { safeHeaders } from './headers.ts'
import { createHmaErrorResponse } from './hma/refusals.ts'
import { tellAlive, tellNotLoaded } from './hma/status.ts'
import { createRequestLog, type RequestLogDeps } from './request-log.ts'

/**
 * Returns what the operator listener serves while the index is loaded: that the process is alive, and for everything else that it
 * is to be asked again. A client must not take a bank for gone that is only not there yet.
 */
export function createStartingApp({ logger, metrics }: Omit<RequestLogDeps, 'listener'>): Express {
  const app = express().disable('x-powered-by').disable('etag')
  app.use(createRequestLog({ listener: 'operator', logger, metrics }), safeHeaders)
  app.get('/status/live', tellAlive)
  app.get('/status', tellNotLoaded)
  app.use((_request, response, next) => {
    response.set('retry-after', '1')
    next(new AppError('unavailable', 'index not yet ready'))
  })
  app.use(['/h', '/m', '/c', '/ui', '/dev', '//'], createHmaErrorResponse(logger))
  app.use(createErrorResponse(logger))
  return app
}
