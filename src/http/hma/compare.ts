/*
 * Comparing two hashes that are no bank's: `POST /m/compare`.
 */
import type { Request, RequestHandler } from 'express'
import { defaultThreshold } from '../../model/bank.ts'
import { bodyOf } from './body.ts'
import { badRequest, shown } from './hma-error.ts'
import type { HmaServices } from './hma-services.ts'
import { findSignalType, parseSignal } from './signal-types.ts'

/** Whether two hashes match, and how far apart they are where that can be told. */
type Comparison = readonly [isMatch: boolean, { readonly distance?: number }]

/** Returns the handler that compares two hashes of each type that is sent: `{"pdq": [true, {"distance": 9}]}`. */
export function createCompare(services: Pick<HmaServices, 'distance'>): RequestHandler {
  return (request, response, next) => {
    try {
      response.json(compareAll(services, request))
    } catch (error) {
      next(error)
    }
  }
}

function compareAll(services: Pick<HmaServices, 'distance'>, request: Request): Record<string, Comparison> {
  const message = 'Request input was not a dict'
  if (request.body === undefined) throw badRequest(message)
  const pairs = Object.entries(bodyOf(request, message))
  return Object.fromEntries(pairs.map(([name, hashes]) => [name, compare(services, name, hashes)]))
}

function compare(services: Pick<HmaServices, 'distance'>, name: string, hashes: unknown): Comparison {
  const type = findSignalType(name)
  if (!type) throw badRequest(`No such SignalType '${shown(name)}'`)
  if (!Array.isArray(hashes)) throw badRequest(`Comparison hashes for ${name} was not a list`)
  if (hashes.length !== 2) throw badRequest('Comparison hash list length must be exactly 2')
  const [a = '', b = ''] = hashes.map((hash: unknown) => parseSignal(type, hash, `Invalid ${name} hash`))
  if (type.type !== 'pdq') return [a === b, {}]
  const distance = services.distance(a, b)
  return [distance <= defaultThreshold, { distance }]
}
