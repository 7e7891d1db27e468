/*
 * Banks, in the words of Hasher-Matcher-Actioner's curator. A bank that is made here is matched within 31 bits and holds PDQ
 * hashes of pictures in full resolution, as that makes them; the commands know more about a bank than is told here.
 */
import type { Request, RequestHandler } from 'express'
import { AppError } from '../../lib/errors.ts'
import { type Bank, defaultMinQuality, defaultThreshold } from '../../model/bank.ts'
import { bodyOf } from './body.ts'
import { bankShape } from './content-shape.ts'
import { badRequest, HmaError, shown, unprocessable } from './hma-error.ts'
import type { HmaServices } from './hma-services.ts'
import { parseFlag, parseRatio } from './lax.ts'

type Curator = HmaServices['curator']

/** Returns the handler that lists the banks. */
export function createListBanks(curator: Curator): RequestHandler {
  return (_request, response, next) => {
    curator.listBanks().then((banks) => response.json(banks.map(bankShape)), next)
  }
}

/** Returns the handler that makes a bank. */
export function createCreateBank(curator: Curator): RequestHandler {
  return (request, response, next) => {
    createBank(curator, request).then((bank) => response.status(201).json(bankShape(bank)), next)
  }
}

/** Returns the handler that tells of one bank. */
export function createGetBank(curator: Curator): RequestHandler {
  return (request, response, next) => {
    requireBank(curator, request).then((bank) => response.json(bankShape(bank)), next)
  }
}

/** Returns the handler that renames a bank, or changes how much of it is matched. */
export function createUpdateBank(curator: Curator): RequestHandler {
  return (request, response, next) => {
    updateBank(curator, request).then((bank) => response.json(bankShape(bank)), next)
  }
}

/** Returns the handler that removes a bank; one that is not there is removed already. */
export function createDeleteBank(curator: Curator): RequestHandler {
  const remove = async (request: Request): Promise<void> => {
    const bank = await curator.findBank(nameOf(request))
    if (bank) await curator.removeBank(bank)
  }
  return (request, response, next) => {
    remove(request).then(() => response.json({ message: 'Done' }), next)
  }
}

/** Returns the bank of the path. @throws HmaError 404 */
export async function requireBank(curator: Pick<Curator, 'findBank'>, request: Request): Promise<Bank> {
  const name = nameOf(request)
  const bank = await curator.findBank(name)
  if (!bank) throw new HmaError(404, `bank '${shown(name)}' not found`)
  return bank
}

async function createBank(curator: Curator, request: Request): Promise<Bank> {
  const body = bodyOf(request)
  if (typeof body['name'] !== 'string') throw unprocessable('Expected a name but there is none')
  const name = parseName(body['name'])
  const bank = {
    name,
    threshold: defaultThreshold,
    minQuality: defaultMinQuality,
    profile: 'full-resolution',
    enabledRatio: ratioOf(body) ?? 1,
  } as const
  return await withoutConflict('Bank already exists', () => curator.createBank(bank))
}

async function updateBank(curator: Curator, request: Request): Promise<Bank> {
  const bank = await curator.findBank(nameOf(request))
  if (!bank) throw new HmaError(404, 'Bank not found')
  const body = bodyOf(request)
  const { name } = body
  if (name !== undefined && name !== null && typeof name !== 'string')
    throw unprocessable('Expected text for name but received something else')
  const enabledRatio = ratioOf(body)
  const change = {
    ...(typeof name === 'string' && name !== bank.name && { name: parseName(name) }),
    ...(enabledRatio !== undefined && { enabledRatio }),
  }
  const updated = await withoutConflict('Bank name already exists', () => curator.updateBank(bank.id, change))
  if (!updated) throw new HmaError(404, 'Bank not found')
  return updated
}

/** The ratio wins over the switch; one of the clients calls it as it is called in answers. */
function ratioOf(body: Readonly<Record<string, unknown>>): number | undefined {
  const isEnabled = parseFlag('enabled', body['enabled'])
  return (
    parseRatio('enabled_ratio', body['enabled_ratio']) ??
    parseRatio('matching_enabled_ratio', body['matching_enabled_ratio']) ??
    (isEnabled === undefined ? undefined : Number(isEnabled))
  )
}

function parseName(name: string): string {
  if (/^[A-Z_][A-Z0-9_]{0,254}$/.test(name)) return name
  throw badRequest('Bank names must be UPPER_WITH_UNDERSCORE')
}

function nameOf({ params }: Request): string {
  return params['bank'] ?? ''
}

async function withoutConflict<T>(message: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AppError && error.kind === 'conflict') throw new HmaError(403, message)
    throw error
  }
}
