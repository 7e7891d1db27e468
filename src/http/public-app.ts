import { createServer as createXrpcServer } from '@atproto/xrpc-server'
import express, { type Express, type Request, type Response } from 'express'
import { AppError } from '../lib/errors.ts'
import { createErrorResponse, notFound } from './error-response.ts'
import { anyOrigin, safeHeaders } from './headers.ts'
import { createImagePlaces } from './image-places.ts'
import type { HttpMetrics } from './metrics.ts'
import { addReceivers, type ReceiverOptions } from './receivers/receivers.ts'
import { createRequestLog, type RequestLogDeps } from './request-log.ts'
import type { RestOptions } from './rest/rest-services.ts'
import { createRestRouter } from './rest/router.ts'
import type { Services } from './services.ts'
import { withoutStacks } from './without-stacks.ts'
import { addCreateReport } from './xrpc/create-report.ts'
import { addHarrierMethods } from './xrpc/harrier/methods.ts'
import { labelLexicons } from './xrpc/label-lexicons.ts'
import { addQueryLabels } from './xrpc/query-labels.ts'
import { reportLexicons } from './xrpc/report-lexicons.ts'
import { subscribeLabelsPath } from './xrpc/subscribe-labels.ts'

/** What the routes need. */
export type AppDeps = Pick<RequestLogDeps, 'logger'> & {
  readonly services: Services
  readonly metrics: HttpMetrics
}

/** What is served beside the labels. */
export type PublicOptions = {
  readonly rest: RestOptions
  /** What others send pictures to; nothing without. */
  readonly receivers?: ReceiverOptions
}

/** Returns the routes of the public listener. */
export function createPublicApp(
  { services, logger, metrics }: AppDeps,
  { rest, receivers }: PublicOptions,
): Express {
  const app = express().disable('x-powered-by').disable('etag')
  app.use(createRequestLog({ listener: 'public', logger, metrics }), safeHeaders)

  app.get('/', (_request, response) => {
    response.type('text/plain').send(`Harrier ${services.version}, an AT Protocol labeler: ${services.did}\n`)
  })
  app.get('/xrpc/_health', (_request, response) => {
    response.json({ version: services.version })
  })
  app.use('/.well-known/did.json', anyOrigin)
  app.get('/.well-known/did.json', (_request, response) => {
    const document = services.didDocument()
    if (!document) throw new AppError('not-found', 'Expected a did:web labeler but this one is not')
    response.json(document)
  })

  app.all(subscribeLabelsPath, sendUpgradeRequired)
  if (receivers) addReceivers(app, services, receivers)
  const xrpc = createXrpcServer([...labelLexicons, ...reportLexicons], {
    validateResponse: false,
    payload: { jsonLimit: 100_000, textLimit: 0, blobLimit: 0 },
  })
  addQueryLabels(xrpc, services)
  addCreateReport(xrpc, services, metrics)
  const takePlace = createImagePlaces(rest.maxImagesAtOnce)
  addHarrierMethods(xrpc, { services, takePlace }, rest)
  app.use('/xrpc/com.atproto.label.queryLabels', anyOrigin, withoutStacks)
  app.use(['/xrpc/tools.harrier.match.getStatus', '/xrpc/tools.harrier.match.getStatuses'], withoutStacks)
  // Its routes and its refusals, but not its error handler, which logs to a logger of its own.
  app.use(xrpc.routes, xrpc.catchall)

  app.use(createRestRouter({ services, logger, takePlace }, rest))

  app.use(notFound, createErrorResponse(logger))
  return app
}

/** RFC 9110 wants `Upgrade` to say to what. Most who see this are behind a proxy that does not pass WebSockets on. */
function sendUpgradeRequired(_request: Request, response: Response): void {
  const message =
    'This is a WebSocket endpoint. If you did ask for a WebSocket, a proxy on the way dropped the Connection and Upgrade headers'
  response
    .status(426)
    .set({ upgrade: 'websocket', connection: 'Upgrade' })
    .json({ error: 'UpgradeRequired', message })
}
