/*
 * Every route of Hasher-Matcher-Actioner's HTTP API that is served, in one table: the listener's routes, the site map and the
 * API's description are made of it.
 */
import type { ErrorRequestHandler, RequestHandler, Router } from 'express'
import type { Services } from '../services.ts'
import { createAddContent, createAddSignals } from './add-content.ts'
import {
  createCreateBank,
  createDeleteBank,
  createGetBank,
  createListBanks,
  createUpdateBank,
} from './banks.ts'
import { readJson } from './body.ts'
import { createCompare } from './compare.ts'
import { createDeleteContent, createGetContent, createListContents, createUpdateContent } from './contents.ts'
import { openApiOf, siteMapOf } from './describe.ts'
import { createRunFetch, createSetUpSample } from './dev.ts'
import {
  createGetExchangeApi,
  createGetExchangeSchema,
  createListExchangeApis,
  createSetExchangeCredentials,
} from './exchange-apis.ts'
import {
  createCreateExchange,
  createDeleteExchange,
  createGetExchange,
  createGetExchangeStatus,
  createListExchanges,
  createUpdateExchange,
} from './exchanges.ts'
import { createHashUpload, createHashUrl } from './hash.ts'
import { HmaError } from './hma-error.ts'
import { createLookup, createRawLookup } from './lookup.ts'
import { createLookupUpload, createLookupUrl } from './lookup-media.ts'
import { createMethodNotAllowed } from './refusals.ts'
import { type HmaOptions, isServed } from './roles.ts'
import { createTellStatus, tellAlive } from './status.ts'
import {
  createCuratorIndexStatus,
  createIndexStatus,
  createListContentTypes,
  createListSignalTypes,
  createUpdateSignalType,
} from './types-config.ts'
import { uiRoutes } from './ui/routes.ts'

type Method = 'get' | 'post' | 'put' | 'delete'

/** One method of one path, written as Express does. */
export type HmaRoute = {
  readonly method: Method
  readonly path: string
  readonly handlers: readonly (RequestHandler | ErrorRequestHandler)[]
}

/** What the routes are served from. */
type RouteServices = Pick<Services, 'lookup' | 'hma' | 'now' | 'version'>

const bank = '/c/bank/:bank'
const content = `${bank}/content/:content(\\d+)`
const exchange = '/c/exchange/:name'
const exchangeApi = '/c/exchanges/api/:name'

/** Returns the routes that the roles serve, and those that describe them; those that are asked most come first. */
export function hmaRoutes(services: RouteServices, options: HmaOptions): readonly HmaRoute[] {
  const routes = [
    ...roleRoutes(services, options).filter(({ path }) => isServed(path, options)),
    ...(options.roles.includes('ui') ? uiRoutes(services) : []),
    route('get', '/', redirectTo(options.roles.includes('ui') ? '/ui/' : '/status')),
    route('get', '/status', createTellStatus(services.hma, options)),
    route('get', '/status/live', tellAlive),
    route('get', '/site-map', (_request, response) => void response.json(siteMapOf(routes))),
    route('get', '/openapi/openapi.json', (_request, response) => {
      response.json(openApiOf(routes, services.version))
    }),
  ]
  return routes
}

function roleRoutes(services: RouteServices, { roles }: HmaOptions): readonly HmaRoute[] {
  const { hma } = services
  const { curator, exchanges } = hma
  const hashing = roles.includes('hasher') ? [] : [refuseHashing]
  return [
    route('get', '/m/lookup', createLookup(services), ...hashing, createLookupUrl(services)),
    route('get', '/m/raw_lookup', createRawLookup(services)),
    route('post', '/m/lookup', ...hashing, createLookupUpload(services)),
    route('get', '/m/index/status', createIndexStatus(hma)),
    route('post', '/m/compare', createCompare(hma)),
    route('get', '/h/hash', createHashUrl(hma)),
    route('post', '/h/hash', createHashUpload(hma)),
    route('get', '/c/banks', createListBanks(curator)),
    route('post', '/c/banks', createCreateBank(curator)),
    route('get', bank, createGetBank(curator)),
    route('put', bank, createUpdateBank(curator)),
    route('delete', bank, createDeleteBank(curator)),
    route('get', `${bank}/content`, createListContents(services)),
    route('post', `${bank}/content`, createAddContent(hma)),
    route('get', content, createGetContent(services)),
    route('put', content, createUpdateContent(services)),
    route('delete', content, createDeleteContent(services)),
    route('post', `${bank}/signal`, createAddSignals(hma)),
    route('get', '/c/signal_type', createListSignalTypes(hma)),
    route('get', '/c/signal_type/index', createCuratorIndexStatus(hma)),
    route('put', '/c/signal_type/:type', createUpdateSignalType(hma)),
    route('get', '/c/content_type', createListContentTypes()),
    route('post', '/dev/setup_sample_example', createSetUpSample(exchanges)),
    route('post', '/dev/run_fetch', createRunFetch(exchanges)),
    route('get', '/c/exchanges', createListExchanges(exchanges)),
    route('post', '/c/exchanges', createCreateExchange(exchanges)),
    route('get', '/c/exchanges/apis', createListExchangeApis(exchanges)),
    route('get', exchangeApi, createGetExchangeApi(exchanges)),
    route('post', exchangeApi, createSetExchangeCredentials(exchanges)),
    route('get', `${exchangeApi}/schema`, createGetExchangeSchema(exchanges)),
    route('get', exchange, createGetExchange(exchanges)),
    route('get', `${exchange}/status`, createGetExchangeStatus(exchanges)),
    route('put', exchange, createUpdateExchange(exchanges)),
    route('delete', exchange, createDeleteExchange(exchanges)),
  ]
}

/** Adds the routes to a router, and the refusal of other methods of their paths. */
export function addRoutes(router: Router, routes: readonly HmaRoute[]): void {
  for (const { method, path, handlers } of routes) router[method](path, ...handlers)
  for (const [path, known] of Map.groupBy(routes, (route) => route.path))
    router.all(path, createMethodNotAllowed(known.map(({ method }) => method.toUpperCase())))
}

function route(method: Method, path: string, ...handlers: RequestHandler[]): HmaRoute {
  return { method, path, handlers: method === 'get' ? handlers : [readJson, ...handlers] }
}

function redirectTo(path: string): RequestHandler {
  return (_request, response) => response.redirect(path)
}

/** An installation without the role has nothing to hash what it is to look up. */
const refuseHashing: RequestHandler = () => {
  throw new HmaError(403, 'Hashing is disabled, missing role')
}
