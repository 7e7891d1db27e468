import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express'
import { createErrorResponse, notFound } from './error-response.ts'
import { safeHeaders } from './headers.ts'
import { createHmaErrorResponse, hmaNotFound } from './hma/refusals.ts'
import type { HmaOptions } from './hma/roles.ts'
import { addRoutes, hmaRoutes } from './hma/routes.ts'
import type { AppDeps } from './public-app.ts'
import { refuseOtherSites } from './refuse-other-sites.ts'
import { createRequestLog } from './request-log.ts'
import { requireToken } from './require-token.ts'
import { loadSubscribers, type SubscribersDeps } from './subscribers.ts'

/** What the operator decides about this listener. */
export type OperatorOptions = {
  /** What callers must know; none means that everyone may call. */
  readonly operatorToken?: string | undefined
  readonly hma: HmaOptions
}

/** Returns the routes of the operator listener, which is bound to loopback unless the operator says otherwise. */
export function createOperatorApp({
  services,
  logger,
  metrics,
  subscribers,
  operatorToken,
  hma,
}: AppDeps & Pick<SubscribersDeps, 'subscribers'> & OperatorOptions): Express {
  // Parameters are flat here, and reading nested ones takes a tenth of a lookup's time.
  const app = express().disable('x-powered-by').disable('etag').set('query parser', 'simple')
  app.use(createRequestLog({ listener: 'operator', logger, metrics }), safeHeaders)

  app.use(oneSlash, refuseOtherSites)
  if (operatorToken !== undefined) app.use(requireToken(operatorToken))
  addRoutes(app, hmaRoutes(services, hma))

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

  app.use(hmaPaths, hmaNotFound, createHmaErrorResponse(logger))
  app.use(notFound, createErrorResponse(logger))
  return app
}

/** Where errors are told as Hasher-Matcher-Actioner tells them. */
const hmaPaths = ['/h', '/m', '/c', '/ui', '/dev', '/status', '/site-map', '/openapi']

/** Clients join a base that ends in a slash with paths that begin with one. */
const oneSlash: RequestHandler = (request, _response, next) => {
  request.url = request.url.replace(/^\/{2,}/, '/')
  next()
}
