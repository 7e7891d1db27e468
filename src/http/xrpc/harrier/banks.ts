import { InvalidRequestError, type Server as XrpcServer } from '@atproto/xrpc-server'
import { harrier } from '../../../lexicons/tools.js'
import { AppError } from '../../../lib/errors.ts'
import { type Bank, defaultMinQuality, defaultThreshold, isBankName } from '../../../model/bank.ts'
import type { BankChange } from '../../../model/curation.ts'
import type { CuratorServices } from '../../curator-services.ts'
import type { CallerAuth } from './callers.ts'
import type { HarrierMethodsDeps } from './harrier-services.ts'
import { type DatetimeString, decimalOf } from './shapes.ts'

const { listBanks, getBank, createBank, updateBank, deleteBank } = harrier.bank

/** Adds the methods that list and change banks. */
export function addBankMethods(
  xrpc: XrpcServer,
  { services: { harrier: own } }: HarrierMethodsDeps,
  auth: CallerAuth,
): void {
  xrpc.add(listBanks, {
    auth: auth(listBanks, 'admin'),
    async handler({ auth: { credentials } }) {
      const banks = await own.curatorOf(credentials.actor).listBanks()
      const byName = banks.toSorted((a, b) => (a.name < b.name ? -1 : 1))
      return { encoding: 'application/json', body: { banks: byName.map(bankShape) } }
    },
  })

  xrpc.add(getBank, {
    auth: auth(getBank, 'admin'),
    async handler({ params, auth: { credentials } }) {
      const bank = await requireBank(own.curatorOf(credentials.actor), params.bank)
      return { encoding: 'application/json', body: bankShape(bank) }
    },
  })

  xrpc.add(createBank, {
    auth: auth(createBank, 'admin'),
    async handler({ input: { body }, auth: { credentials } }) {
      const { threshold = defaultThreshold, minQuality = defaultMinQuality, profile, enabledRatio } = body
      const wanted = {
        name: parseName(body.name),
        threshold,
        minQuality,
        profile: profile ?? 'reference-512',
        enabledRatio: parseRatio(enabledRatio ?? '1'),
        ...rulesOf(body),
      }
      const bank = await asTold(() => own.curatorOf(credentials.actor).createBank(wanted))
      return { encoding: 'application/json', body: bankShape(bank) }
    },
  })

  xrpc.add(updateBank, {
    auth: auth(updateBank, 'admin'),
    async handler({ input: { body }, auth: { credentials } }) {
      const { name, enabledRatio, threshold } = body
      const change = {
        ...(name !== undefined && { name: parseName(name) }),
        ...(enabledRatio !== undefined && { enabledRatio: parseRatio(enabledRatio) }),
        ...(threshold !== undefined && { threshold }),
        ...rulesOf(body),
      }
      if (Object.keys(change).length === 0)
        throw new InvalidRequestError('Expected something to change', 'InvalidChange')
      const curator = own.curatorOf(credentials.actor)
      const { id } = await requireBank(curator, body.bank)
      const bank = await asTold(() => curator.updateBank(id, change))
      if (!bank) throw bankNotFound()
      return { encoding: 'application/json', body: bankShape(bank) }
    },
  })

  xrpc.add(deleteBank, {
    auth: auth(deleteBank, 'admin'),
    async handler({ input: { body }, auth: { credentials } }) {
      const curator = own.curatorOf(credentials.actor)
      const bank = await requireBank(curator, body.bank)
      if (!(await curator.removeBank(bank))) throw bankNotFound()
      return { encoding: 'application/json', body: {} }
    },
  })
}

/** Returns a bank by its name. @throws {InvalidRequestError} `BankNotFound`. */
export async function requireBank(curator: Pick<CuratorServices, 'findBank'>, name: string): Promise<Bank> {
  const bank = await curator.findBank(name)
  if (!bank) throw bankNotFound()
  return bank
}

function bankNotFound(): InvalidRequestError {
  return new InvalidRequestError('Expected the name of a bank for bank but there is none', 'BankNotFound')
}

function bankShape(bank: Bank) {
  const { name, threshold, minQuality, profile, enabledRatio, tiers, suppresses, createdAt } = bank
  return {
    name,
    threshold,
    minQuality,
    profile,
    enabledRatio: decimalOf(enabledRatio),
    tiers: [...tiers],
    ...(suppresses === 'all'
      ? { suppressesAll: true }
      : suppresses !== undefined && { suppresses: [...suppresses] }),
    createdAt: createdAt as DatetimeString,
  }
}

/** How far a bank matches by name, and what it suppresses, as far as that is said. @throws {InvalidRequestError} `InvalidBank`. */
function rulesOf({
  tiers,
  suppresses,
  suppressesAll,
}: Pick<harrier.bank.updateBank.$InputBody, 'tiers' | 'suppresses' | 'suppressesAll'>): BankChange {
  if (suppressesAll === true && suppresses !== undefined)
    throw new InvalidRequestError('Expected suppresses or suppressesAll but received both', 'InvalidBank')
  const suppressed = suppressesAll === true ? 'all' : suppresses
  return {
    ...(tiers !== undefined && { tiers: tiers.map(({ name, distance }) => ({ name, distance })) }),
    ...(suppressed !== undefined && { suppresses: suppressed }),
  }
}

function parseName(name: string): string {
  if (isBankName(name)) return name
  throw new InvalidRequestError(
    'Expected 1 to 255 of A-Z a-z 0-9 _ . - for name, starting with none of the last two',
    'InvalidBank',
  )
}

function parseRatio(text: string): number {
  if (/^(?:0|1|0\.\d{1,20}|1\.0{1,20})$/.test(text)) return Number(text)
  throw new InvalidRequestError('Expected a decimal from 0 to 1 for enabledRatio', 'InvalidBank')
}

/** What does not go together is the caller's to hear of. @throws {InvalidRequestError} `BankExists`, `InvalidBank`. */
async function asTold<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (error.kind === 'conflict')
      throw new InvalidRequestError('Expected a name that no other bank has for name', 'BankExists')
    if (error.kind === 'invalid') throw new InvalidRequestError(error.message, 'InvalidBank')
    throw error
  }
}
