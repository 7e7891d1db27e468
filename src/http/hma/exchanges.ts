/*
 * Exchanges, in the words of Hasher-Matcher-Actioner. Harrier has none: it says which kinds there are and what they would be set
 * up with, so that a client can draw its forms, and refuses to make one or to keep credentials for one. Hashes of an
 * exchange come in as files (`harrier bank import`).
 */
import type { Request, RequestHandler } from 'express'
import { bodyOf } from './body.ts'
import { type ExchangeApi, exchangeApis } from './exchange-apis.ts'
import { badRequest, HmaError, shown } from './hma-error.ts'
import { isJsonObject } from './json.ts'

/** Lists the kinds of exchange. */
export const listExchangeApis: RequestHandler = (_request, response) => {
  response.json(Object.keys(exchangeApis))
}

/** Tells whether a kind needs credentials, and that none are there. */
export const getExchangeApi: RequestHandler = (request, response) => {
  response.json(authentificationOf(requireApi(request)))
}

/** Takes credentials for a kind: there are none to forget, and none are kept. */
export const setExchangeCredentials: RequestHandler = (request, response) => {
  const api = requireApi(request)
  const credentials = bodyOf(request)['credential_json']
  if (credentials !== undefined && credentials !== null && !isJsonObject(credentials))
    throw badRequest('Field `credential_json` must be object')
  if (credentials && Object.keys(credentials).length > 0) {
    const given = credentials
    if (!api.credentials) throw badRequest('Expected a kind of exchange that takes credentials')
    const missing = api.credentials.find(({ name, required }) => required && typeof given[name] !== 'string')
    if (missing) throw badRequest(`Expected text for ${missing.name} in credential_json`)
    throw notThereYet()
  }
  response.json(authentificationOf(api))
}

/** Tells what a kind is set up with. */
export const getExchangeSchema: RequestHandler = (request, response) => {
  const name = nameOf(request)
  const api = findApi(name)
  if (!api) throw new HmaError(404, `Exchange API '${shown(name)}' not found`)
  response.json({
    config_schema: { fields: api.config },
    credentials_schema: api.credentials && { fields: api.credentials },
  })
}

/** Lists the exchanges: none. */
export const listExchanges: RequestHandler = (_request, response) => {
  response.json([])
}

/** Says what is wrong with an exchange that is to be made, or that there can be none yet. */
export const createExchange: RequestHandler = (request) => {
  const { bank, api, api_json: config } = bodyOf(request)
  if (typeof bank !== 'string' || bank === '') throw badRequest('bank is required')
  if (!/^[A-Z_][A-Z0-9_]{0,254}$/.test(bank)) throw badRequest('Field `bank` must match /^[A-Z0-9_]+$/')
  if (!isJsonObject(config)) throw badRequest('Field `api_json` must be object')
  if (typeof api !== 'string' || api === '') throw badRequest('Field `api_type` is required')
  const found = findApi(api)
  if (!found) throw badRequest(`No such exchange type '${shown(api)}'`)
  const missing = found.config.find(({ name, required }) => required && config[name] === undefined)
  if (missing) throw badRequest(`Failed to parse \`api_json\` - ${missing.name} is required`)
  throw notThereYet()
}

/** Answers whatever is asked about an exchange by its name. */
export const exchangeNotFound: RequestHandler = (request) => {
  throw new HmaError(404, `Exchange '${shown(nameOf(request))}' not found`)
}

/** Removes an exchange; one that is not there is removed already. */
export const deleteExchange: RequestHandler = (_request, response) => {
  response.json({ message: 'Exchange deleted' })
}

function requireApi(request: Request): ExchangeApi {
  const name = nameOf(request)
  const api = findApi(name)
  if (!api) throw badRequest(`no such Exchange API '${shown(name)}'`)
  return api
}

function findApi(name: string): ExchangeApi | undefined {
  return Object.hasOwn(exchangeApis, name) ? exchangeApis[name] : undefined
}

function authentificationOf({ credentials }: ExchangeApi): object {
  return { supports_authentification: credentials !== null, has_set_authentification: false }
}

function nameOf({ params }: Request): string {
  return params['name'] ?? ''
}

function notThereYet(): HmaError {
  return new HmaError(
    501,
    'Exchanges are not there yet; import the hashes of one as a file (harrier bank import)',
  )
}
