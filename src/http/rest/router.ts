/**
 * The REST API for apps, on the public listener: the routes of the integration guide, each behind a key.
 *
 * Owns: reading and checking requests, keys and their headers, problem documents, and the documentation at
 * `/openapi.json`, which is made of the schemas that check, and at `/docs`, which shows it. Leaves to others: every answer's content (`rest-services.ts`).
 * Invariants: nothing is answered without a key that is good for it, or a signature, the documentation apart; the key is
 * checked before a body is read; bodies are bounded in bytes, time and number; every answer has an `X-Request-Id`; nothing
 * that a caller sent is logged; of it, errors tell names of fields and the origin of an address, and no values.
 *
 * `operations.ts` lists the operations, `operation.ts` says what one is, and each file that it names holds some.
 */
import { randomUUID } from 'node:crypto'
import express, {
  type ErrorRequestHandler,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express'
import { createDeadline } from '../../lib/deadline.ts'
import { AppError } from '../../lib/errors.ts'
import type { Log } from '../../lib/logger.ts'
import { RateLimitExceededError } from '../../lib/rate-limit.ts'
import { webhookCallerId } from '../../model/api-action.ts'
import type { Delivery } from '../../model/webhook.ts'
import { setRateLimitHeaders } from '../rate-limit-headers.ts'
import { authorize } from './authorize.ts'
import { createDocsPage } from './docs-page.ts'
import { createOpenApi, openApiPath } from './openapi.ts'
import type { Operation } from './operation.ts'
import { operationsFor } from './operations.ts'
import { problemOf, RestError } from './problem.ts'
import { isHeavy, readBody, readQuery } from './read-request.ts'
import type { RestOptions, RestServices } from './rest-services.ts'

/** What the routes need. */
export type RestDeps = {
  readonly services: { readonly version: string; readonly rest: RestServices }
  readonly logger: Log
  /** Takes a place for an image in memory. @throws an `AppError` `unavailable` when all are taken. */
  readonly takePlace: () => Disposable
}

/** Returns the routes. */
export function createRestRouter(deps: RestDeps, options: RestOptions): Router {
  const router = express.Router()
  const operations = operationsFor(options)
  router.use(['/api', openApiPath], withRequestId)
  const document = createOpenApi(operations, deps.services.version)
  router.get(openApiPath, (_request, response) => void response.json(document))
  router.use(createDocsPage())
  for (const operation of operations) {
    const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1')
    router[operation.method](path, serve(operation, deps, options))
  }
  for (const path of new Set(operations.map((operation) => operation.path))) {
    const methods = operations.filter((operation) => operation.path === path).map(({ method }) => method)
    router.all(path.replaceAll(/\{(\w+)\}/g, ':$1'), refuseMethod(methods))
  }
  router.use('/api', (_request, _response, next) => {
    next(new AppError('not-found', 'Expected a path of the API but received another'))
  })
  router.use(createProblemResponse(deps.logger))
  return router
}

const withRequestId: RequestHandler = (_request, response, next) => {
  response.setHeader('x-request-id', randomUUID())
  response.setHeader('cache-control', 'no-store')
  next()
}

function serve(operation: Operation, deps: RestDeps, options: RestOptions): RequestHandler {
  return (request, response, next) => {
    answer(operation, deps, options, request, response).then(undefined, next)
  }
}

async function answer(
  operation: Operation,
  { services: { version, rest }, takePlace }: RestDeps,
  options: RestOptions,
  request: Request,
  response: Response,
): Promise<void> {
  const { scope } = operation
  const isSigned = scope === 'webhook'
  const key = isSigned ? webhookCaller : await authorize(request, response, scope, rest, options)
  const query = readQuery(request, operation)
  using _place = isHeavy(request, operation, options) ? takePlace() : undefined
  let deliveryId = ''
  const body = await readBody(request, operation, options, async (bytes) => {
    if (isSigned) deliveryId = await rest.verifyWebhook(deliveryOf(request, bytes))
  })
  const leaving = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) leaving.abort(new CallerLeftError())
  })
  const signal = createDeadline(options.answerTimeoutMs, leaving.signal)
  const call = {
    query,
    params: request.params,
    body,
    key,
    deliveryId,
    version,
    services: rest,
    options,
    signal,
  }
  const result = await operation.handle(call)
  const { maxAgeSeconds } = operation
  if (maxAgeSeconds !== undefined) response.setHeader('cache-control', `private, max-age=${maxAgeSeconds}`)
  response.json(result)
}

/** Who signs has no key, and can do no more than its route does. */
const webhookCaller = { id: webhookCallerId, scopes: [] }

/** The headers under which senders put their signature. */
const signatureHeaders = ['x-hma-signature', 'x-signature', 'x-hub-signature-256'] as const

function deliveryOf({ headers }: Request, body: Buffer): Delivery {
  const [signature] = signatureHeaders.flatMap((name) => headers[name] ?? [])
  const timestamp = headers['x-timestamp']
  return { body, signature, timestamp: typeof timestamp === 'string' ? timestamp : undefined }
}

/** The caller closed the connection before it was answered. */
class CallerLeftError extends Error {
  override readonly name = 'CallerLeftError'
}

function refuseMethod(methods: readonly string[]): RequestHandler {
  const allow = methods.map((method) => method.toUpperCase()).join(', ')
  return (_request, response, next) => {
    response.setHeader('allow', allow)
    next(new RestError(405, 'MethodNotAllowed', `Expected the method ${allow} but received another`))
  }
}

/** Answers with a problem document, and logs what is our own fault. */
function createProblemResponse(logger: Log): ErrorRequestHandler {
  return (cause: unknown, _request: Request, response: Response, next: NextFunction) => {
    const requestId = String(response.getHeader('x-request-id'))
    if (cause instanceof CallerLeftError || response.destroyed) return
    const error = isTimeout(cause) ? new AppError('timeout', 'The answer took too long to make') : cause
    const { problem, isFault } = problemOf(error, requestId)
    if (isFault) logger.error({ err: cause, id: requestId }, 'http.fault')
    if (response.headersSent) {
      next(cause)
      return
    }
    response.status(problem.status)
    if (cause instanceof RateLimitExceededError) setRateLimitHeaders(response, cause.status)
    if (problem.status === 408) response.setHeader('connection', 'close')
    if (problem.status === 503) response.setHeader('retry-after', '2')
    if (problem.status === 401) response.setHeader('www-authenticate', 'Bearer, Basic realm="Harrier"')
    response.type('application/problem+json').send(JSON.stringify(problem))
  }
}

function isTimeout(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === 'TimeoutError'
}
