/*
 * Kinds of exchange, in the words of Hasher-Matcher-Actioner: what each is set up with, and the credentials for its service, which
 * are taken and never told.
 */
import type { Request, RequestHandler } from 'express'
import type { ExchangeApi } from '../../model/exchange.ts'
import { bodyOf } from './body.ts'
import { badRequest, HmaError, shown } from './hma-error.ts'
import type { ExchangeServices } from './hma-services.ts'
import { isJsonObject } from './json.ts'

/** Returns the handler that lists the kinds of exchange. */
export function createListExchangeApis({ apis }: ExchangeServices): RequestHandler {
  return (_request, response) => {
    response.json(apis.map(({ name }) => name))
  }
}

/** Returns the handler that tells whether a kind takes credentials, and whether there are any. */
export function createGetExchangeApi(exchanges: ExchangeServices): RequestHandler {
  return (request, response) => {
    response.json(authentificationOf(exchanges, apiOfPath(exchanges, request)))
  }
}

/** Returns the handler that takes credentials for a kind, or forgets them where they are empty. */
export function createSetExchangeCredentials(exchanges: ExchangeServices): RequestHandler {
  const set = async (request: Request): Promise<object> => {
    const api = apiOfPath(exchanges, request)
    const { credential_json: credentials } = bodyOf(request)
    if (credentials !== undefined && credentials !== null) {
      if (!isJsonObject(credentials)) throw badRequest('Field `credential_json` must be object')
      await exchanges.setCredentials(api, credentials)
    }
    return authentificationOf(exchanges, api)
  }
  return (request, response, next) => {
    set(request).then((told) => response.json(told), next)
  }
}

/** Returns the handler that tells what a kind is set up with. */
export function createGetExchangeSchema(exchanges: ExchangeServices): RequestHandler {
  return (request, response) => {
    const refuse = (name: string) => new HmaError(404, `Exchange API '${name}' not found`)
    const { config, credentials } = requireExchangeApi(exchanges, request.params['name'] ?? '', refuse)
    response.json({
      config_schema: { fields: config },
      credentials_schema: credentials ? { fields: credentials } : null,
    })
  }
}

/** Returns the kind of that name. @throws what `refuse` makes of a name that none has. */
export function requireExchangeApi(
  { apis }: ExchangeServices,
  name: string,
  refuse: (name: string) => HmaError,
): ExchangeApi {
  const api = apis.find((known) => known.name === name)
  if (!api) throw refuse(shown(name))
  return api
}

function apiOfPath(exchanges: ExchangeServices, { params }: Request): ExchangeApi {
  return requireExchangeApi(exchanges, params['name'] ?? '', (name) =>
    badRequest(`no such Exchange API '${name}'`),
  )
}

function authentificationOf(
  { hasCredentials }: ExchangeServices,
  { name, credentials }: ExchangeApi,
): object {
  return {
    supports_authentification: credentials !== undefined,
    has_set_authentification: credentials !== undefined && hasCredentials(name),
  }
}
