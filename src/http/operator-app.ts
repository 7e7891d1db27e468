import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express'
import { createErrorResponse, notFound } from './error-response.ts'
import { safeHeaders } from './headers.ts'
import { openApiOf, siteMapOf, tellAlive } from './hma/describe.ts'
import { createHmaErrorResponse, hmaNotFound } from './hma/refusals.ts'
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
}

/** Returns the routes of the operator listener, which is bound to loopback unless the operator says otherwise. */
export function createOperatorApp({
  services,
  logger,
  metrics,
  subscribers,
  operatorToken,
}: AppDeps & Pick<SubscribersDeps, 'subscribers'> & OperatorOptions): Express {
  // Parameters are flat here, and reading nested ones takes a tenth of a lookup's time.
  const app = express().disable('x-powered-by').disable('etag').set('query parser', 'simple')
  app.use(createRequestLog({ listener: 'operator', logger, metrics }), safeHeaders)

  app.use(oneSlash, refuseOtherSites)
  if (operatorToken !== undefined) app.use(requireToken(operatorToken))
  const hma = hmaRoutes(services)
  addRoutes(app, hma)

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
  app.get('/', (_request, response) => response.redirect('/status'))
  app.get(['/status', '/status/live'], tellAlive)
  const [siteMap, openApi] = [siteMapOf(hma), openApiOf(hma, services.version)]
  app.get('/site-map', (_request, response) => void response.json(siteMap))
  app.get('/openapi/openapi.json', (_request, response) => void response.json(openApi))

  app.use(['/h', '/m', '/c', '/ui', '/dev'], hmaNotFound, createHmaErrorResponse(logger))
  app.use(notFound, createErrorResponse(logger))
  return app
}

/** Clients join a base that ends in a slash with paths that begin with one. */
const oneSlash: RequestHandler = (request, _response, next) => {
  request.url = request.url.replace(/^\/{2,}/, '/')
  next()
}
