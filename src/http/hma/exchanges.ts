/*
 * Exchanges, in the words of Hasher-Matcher-Actioner: each is made with a bank of its name, and goes with it.
 */
import type { Request, RequestHandler } from 'express'
import { AppError } from '../../lib/errors.ts'
import type { Exchange, ExchangeStatus } from '../../model/exchange.ts'
import { withoutConflict } from './banks.ts'
import { bodyOf } from './body.ts'
import { requireExchangeApi } from './exchange-apis.ts'
import { badRequest, HmaError, shown } from './hma-error.ts'
import type { ExchangeServices } from './hma-services.ts'
import { isJsonObject } from './json.ts'
import { asFlag, readParameters, required } from './parameters.ts'

/** Returns the handler that lists the names of the exchanges. */
export function createListExchanges(exchanges: ExchangeServices): RequestHandler {
  return (_request, response, next) => {
    exchanges.list().then((all) => response.json(all.map(({ name }) => name)), next)
  }
}

/** Returns the handler that makes an exchange and its bank. */
export function createCreateExchange(exchanges: ExchangeServices): RequestHandler {
  return (request, response, next) => {
    createExchange(exchanges, request).then(
      () => response.status(201).json({ message: 'Created successfully' }),
      next,
    )
  }
}

/** Returns the handler that tells what an exchange is set up with. */
export function createGetExchange(exchanges: ExchangeServices): RequestHandler {
  return (request, response, next) => {
    requireExchange(exchanges, request).then((exchange) => response.json(exchangeShape(exchange)), next)
  }
}

/** Returns the handler that tells how far an exchange was fetched. */
export function createGetExchangeStatus(exchanges: ExchangeServices): RequestHandler {
  const get = async (request: Request): Promise<object> => {
    const exchange = await requireExchange(exchanges, request)
    const status = await exchanges.status(exchange)
    if (!status) throw exchangeNotFound(exchange.name)
    return statusShape(status)
  }
  return (request, response, next) => {
    get(request).then((told) => response.json(told), next)
  }
}

/** Returns the handler that switches fetching on or off. */
export function createUpdateExchange(exchanges: ExchangeServices): RequestHandler {
  const update = async (request: Request): Promise<object> => {
    const exchange = await requireExchange(exchanges, request)
    const { enabled } = readParameters(bodyOf(request), { enabled: required(asFlag) })
    const updated = await exchanges.setEnabled(exchange, enabled)
    if (!updated) throw exchangeNotFound(exchange.name)
    return exchangeShape(updated)
  }
  return (request, response, next) => {
    update(request).then((told) => response.json(told), next)
  }
}

/** Returns the handler that removes an exchange with its bank; one that is not there is removed already. */
export function createDeleteExchange(exchanges: ExchangeServices): RequestHandler {
  const remove = async (request: Request): Promise<void> => {
    const exchange = await exchanges.find(nameOf(request))
    if (exchange) await exchanges.remove(exchange)
  }
  return (request, response, next) => {
    remove(request).then(() => response.json({ message: 'Exchange deleted' }), next)
  }
}

async function createExchange(exchanges: ExchangeServices, request: Request): Promise<void> {
  const { bank, api: apiName, api_json: config } = bodyOf(request)
  if (typeof bank !== 'string' || bank === '') throw badRequest('bank is required')
  if (!/^[A-Z_][A-Z0-9_]{0,254}$/.test(bank)) throw badRequest('Field `bank` must match /^[A-Z0-9_]+$/')
  if (!isJsonObject(config)) throw badRequest('Field `api_json` must be object')
  if (typeof apiName !== 'string' || apiName === '') throw badRequest('Field `api_type` is required')
  const api = requireExchangeApi(exchanges, apiName, (name) => badRequest(`No such exchange type '${name}'`))
  await withoutConflict('Bank already exists', () =>
    exchanges.create(bank, api, config).catch((error: unknown) => {
      const isInvalid = error instanceof AppError && error.kind === 'invalid'
      throw isInvalid ? badRequest(`Failed to parse \`api_json\` - ${error.message}`) : error
    }),
  )
}

async function requireExchange(exchanges: ExchangeServices, request: Request): Promise<Exchange> {
  const name = nameOf(request)
  const exchange = await exchanges.find(name)
  if (!exchange) throw exchangeNotFound(name)
  return exchange
}

function exchangeShape({ name, api, isEnabled, config }: Exchange): object {
  return { name, api, enabled: isEnabled, ...config }
}

function statusShape(status: ExchangeStatus): object {
  return {
    checkpoint_ts: secondsOf(status.checkpointAt),
    fetched_items: status.records,
    last_fetch_complete_ts: secondsOf(status.fetchEndedAt),
    last_fetch_succeeded: status.hasSucceeded ?? null,
    running_fetch_start_ts: secondsOf(status.fetchStartedAt),
    up_to_date: status.isUpToDate,
  }
}

function secondsOf(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.floor(ms / 1000)
}

function exchangeNotFound(name: string): HmaError {
  return new HmaError(404, `Exchange '${shown(name)}' not found`)
}

function nameOf({ params }: Request): string {
  return params['name'] ?? ''
}
