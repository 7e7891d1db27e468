/*
 * Signal types and content types, and the state of their indexes. Indexes follow the banks at once, so they are never out of
 * date by the time that an answer is given.
 */
import type { Request, RequestHandler } from 'express'
import { requireShare } from './banks.ts'
import { bodyOf } from './body.ts'
import { badRequest, HmaError, shown } from './hma-error.ts'
import type { HmaServices, IndexState } from './hma-services.ts'
import { queryText } from './media.ts'
import { asNumber, readParameters, required } from './parameters.ts'
import { findSignalType, type SignalType, signalTypes } from './signal-types.ts'

/** Returns the handler that lists the signal types, and how much of each is matched. */
export function createListSignalTypes({ typeRatio }: Pick<HmaServices, 'typeRatio'>): RequestHandler {
  return (_request, response) => {
    response.json(signalTypes.map(({ name, type }) => ({ name, enabled_ratio: typeRatio(type) })))
  }
}

/** Returns the handler that sets how much of a signal type is matched; 0 switches it off. */
export function createUpdateSignalType({ curator }: Pick<HmaServices, 'curator'>): RequestHandler {
  const update = async (request: Request): Promise<object> => {
    const name = request.params['type'] ?? ''
    const type = findSignalType(name)
    if (!type) throw new HmaError(404, `No such signal type '${shown(name)}'`)
    const given = readParameters(bodyOf(request), { enabled_ratio: required(asNumber) })
    const ratio = requireShare('enabled_ratio', given.enabled_ratio)
    await curator.setTypeRatio(type.type, ratio)
    return { name: type.name, enabled_ratio: ratio }
  }
  return (request, response, next) => {
    update(request).then((told) => response.json(told), next)
  }
}

/** Returns the handler that tells how many hashes of each type can be found, as the matcher tells it. */
export function createIndexStatus(services: Pick<HmaServices, 'indexState'>): RequestHandler {
  return tellIndexes(services, (size, builtTo) => ({ present: size > 0, built_to: builtTo, size }))
}

/** Returns the handler that tells how far the index of each type is, as the curator tells it. */
export function createCuratorIndexStatus(services: Pick<HmaServices, 'indexState'>): RequestHandler {
  return tellIndexes(services, (size, builtTo) => ({
    db_size: size,
    index_size: size,
    index_out_of_date: false,
    newest_db_item: builtTo,
    index_built_to: builtTo,
  }))
}

/** Returns the handler that lists the content types. */
export function createListContentTypes(): RequestHandler {
  return (_request, response) => {
    response.json(['photo', 'video'].map((name) => ({ enabled: true, name })))
  }
}

function tellIndexes(
  { indexState }: Pick<HmaServices, 'indexState'>,
  tell: (size: number, builtTo: number) => object,
): RequestHandler {
  const tellOf = ({ sizes, newestAt }: IndexState, { type }: SignalType): object => {
    const size = sizes[type]
    return tell(size, size === 0 || newestAt === undefined ? -1 : Math.floor(newestAt / 1000))
  }
  const tellAll = async (request: Request): Promise<object> => {
    const types = typesAsked(request)
    const state = await indexState()
    return Object.fromEntries(types.map((type) => [type.name, tellOf(state, type)]))
  }
  return (request, response, next) => {
    tellAll(request).then((told) => response.json(told), next)
  }
}

function typesAsked(request: Request): readonly SignalType[] {
  const name = queryText(request, 'signal_type')
  if (name === undefined) return signalTypes
  const type = findSignalType(name)
  if (!type) throw badRequest(`No such signal type '${shown(name)}'`)
  return [type]
}
