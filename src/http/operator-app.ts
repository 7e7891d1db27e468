import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express'
import { createErrorResponse, notFound } from './error-response.ts'
import { safeHeaders } from './headers.ts'
import { createLookup, createRawLookup } from './hma/lookup.ts'
import type { AppDeps } from './public-app.ts'
import { createRequestLog } from './request-log.ts'
import { loadSubscribers, type SubscribersDeps } from './subscribers.ts'

/** Returns the routes of the operator listener, which is bound to loopback unless the operator says otherwise. */
export function createOperatorApp({
  services,
  logger,
  metrics,
  subscribers,
}: AppDeps & Pick<SubscribersDeps, 'subscribers'>): Express {
  // Parameters are flat here, and reading nested ones takes a tenth of a lookup's time.
  const app = express().disable('x-powered-by').disable('etag').set('query parser', 'simple')
  app.use(createRequestLog({ listener: 'operator', logger, metrics }), safeHeaders)

  app.use(oneSlash)

  app.get('/xrpc/_health', (_request, response) => {
    response.json({ version: services.version })
  })
  app.get('/metrics', (_request: Request, response: Response, next: NextFunction) => {
    services
      .metricsText()
      .then(({ contentType, text }) => response.set('content-type', contentType).send(text), next)
  })

  app.get('/subscribers', (request: Request, response: Response, next: NextFunction) => {
    loadSubscribers({ services, subscribers }, request.query['limit']).then(
      (page) => response.json(page),
      next,
    )
  })
  app.get('/m/lookup', createLookup(services))
  app.get('/m/raw_lookup', createRawLookup(services))

  app.use(notFound, createErrorResponse(logger))
  return app
}

/** Clients join a base that ends in a slash with paths that begin with one. */
const oneSlash: RequestHandler = (request, _response, next) => {
  request.url = request.url.replace(/^\/{2,}/, '/')
  next()
}
