import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { createErrorResponse, notFound } from './error-response.ts'
import { safeHeaders } from './headers.ts'
import type { AppDeps } from './public-app.ts'
import { createRequestLog } from './request-log.ts'

/** Returns the routes of the operator listener, which is bound to loopback unless the operator says otherwise. */
export function createOperatorApp({ services, logger, metrics }: AppDeps): Express {
  const app = express().disable('x-powered-by').disable('etag')
  app.use(createRequestLog({ listener: 'operator', logger, metrics }), safeHeaders)

  app.get('/xrpc/_health', (_request, response) => {
    response.json({ version: services.version })
  })
  app.get('/metrics', (_request: Request, response: Response, next: NextFunction) => {
    services
      .metricsText()
      .then(({ contentType, text }) => response.set('content-type', contentType).send(text), next)
  })

  app.use(notFound, createErrorResponse(logger))
  return app
}
