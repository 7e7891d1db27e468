/*
 * Banks, in the words of Hasher-Matcher-Actioner's curator. A bank that is made here is matched within 31 bits and holds PDQ
 * hashes of pictures in full resolution, as that makes them, unless it is told more (`bank-fields.ts`); the commands and the
 * REST API know more about a bank than is told here.
 */
import type { Request, RequestHandler } from 'express'
import { AppError } from '../../lib/errors.ts'
import { type Bank, defaultMinQuality, defaultThreshold } from '../../model/bank.ts'
import { type BankFields, bankFieldReaders, saidOf } from './bank-fields.ts'
import { bodyOf } from './body.ts'
import { bankShape } from './content-shape.ts'
import { badRequest, HmaError, shown } from './hma-error.ts'
import type { HmaServices } from './hma-services.ts'
import { asFlag, asNumber, asText, optional, readParameters, required } from './parameters.ts'

type Curator = HmaServices['curator']

/** How much of a bank is matched; one of the clients calls it as it is called in answers. */
const shareReaders = {
  enabled: optional(asFlag),
  enabled_ratio: optional(asNumber),
  matching_enabled_ratio: optional(asNumber),
}
type Share = Readonly<Record<'enabled_ratio' | 'matching_enabled_ratio', number | undefined>> & {
  readonly enabled: boolean | undefined
}

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

/** Returns the handler that renames a bank, or changes how much of it is matched, how far, and what it suppresses. */
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
  const { name, ...share } = readParameters(bodyOf(request), {
    name: required(asText),
    ...shareReaders,
    ...bankFieldReaders,
  })
  return await makeBank(curator, name, { enabledRatio: ratioOf(share) ?? 1, ...saidOf(share) })
}

/** Makes a bank, as one that is made over HTTP is. @throws HmaError 400 for what is no name, 403 for one that is taken. */
export async function makeBank(
  curator: Curator,
  name: string,
  said: BankFields & { readonly enabledRatio: number },
): Promise<Bank> {
  const bank = {
    name: parseName(name),
    threshold: defaultThreshold,
    minQuality: defaultMinQuality,
    profile: 'full-resolution',
    ...said,
  } as const
  return await withoutConflict('Bank already exists', () => curator.createBank(bank))
}

async function updateBank(curator: Curator, request: Request): Promise<Bank> {
  const bank = await curator.findBank(nameOf(request))
  if (!bank) throw new HmaError(404, 'Bank not found')
  const { name, ...share } = readParameters(bodyOf(request), {
    name: optional(asText),
    ...shareReaders,
    ...bankFieldReaders,
  })
  const enabledRatio = ratioOf(share)
  const change = {
    ...(name !== undefined && name !== bank.name && { name: parseName(name) }),
    ...(enabledRatio !== undefined && { enabledRatio }),
    ...saidOf(share),
  }
  const updated = await withoutConflict('Bank name already exists', () => curator.updateBank(bank.id, change))
  if (!updated) throw new HmaError(404, 'Bank not found')
  return updated
}

/** The ratio wins over the switch. */
function ratioOf({ enabled, enabled_ratio, matching_enabled_ratio }: Share): number | undefined {
  const ratio = enabled_ratio ?? matching_enabled_ratio
  if (ratio !== undefined) return requireShare('enabled_ratio', ratio)
  return enabled === undefined ? undefined : Number(enabled)
}

/** Returns a share as it was given. @throws HmaError 400 where it is not from 0 to 1. */
export function requireShare(name: string, share: number): number {
  if (share >= 0 && share <= 1) return share
  throw badRequest(`Expected 0 to 1 for ${name} but received ${share}`)
}

function parseName(name: string): string {
  if (/^[A-Z_][A-Z0-9_]{0,254}$/.test(name)) return name
  throw badRequest('Bank names must be UPPER_WITH_UNDERSCORE')
}

function nameOf({ params }: Request): string {
  return params['bank'] ?? ''
}

/** Runs work that takes a name. @throws HmaError 403 with the message where the name is taken. */
export async function withoutConflict<T>(message: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AppError && error.kind === 'conflict') throw new HmaError(403, message)
    throw error
  }
}
