import { z } from 'zod'
import { AppError } from '../../lib/errors.ts'
import { type Bank, defaultMinQuality, defaultThreshold } from '../../model/bank.ts'
import {
  type BankChangeIn,
  bankChange,
  bankOut,
  bankShape,
  type NewBankIn,
  newBank,
  settingsOf,
} from './admin-shapes.ts'
import { type DocumentedError, defineOperation, type Operation, type RestCall } from './operation.ts'

const maxBytes = (): number => 100_000
const bankPath = '/api/v1/admin/bank/{name}'
/** The bank that the examples make. */
export const exampleBank = 'from-an-app'

/** What is refused where the bank is not there. */
export function noSuchBank(request: DocumentedError['request'] = {}): DocumentedError {
  const params = { ...request.params, name: 'nobody' }
  return { status: 404, code: 'NotFound', when: 'there is no such bank', request: { ...request, params } }
}

/** Returns the bank that the path names. @throws {AppError} `not-found` */
export async function requireBank({
  services,
  key,
  params,
}: Pick<RestCall<unknown, unknown>, 'services' | 'key' | 'params'>): Promise<Bank> {
  const bank = await services.curator(key.id).findBank(params['name'] ?? '')
  if (bank) return bank
  throw new AppError('not-found', 'Expected an existing bank but received the name of none')
}

/** `GET /api/v1/admin/banks`: every bank. */
export const listBanksOperation: Operation = defineOperation({
  method: 'get',
  path: '/api/v1/admin/banks',
  id: 'listBanks',
  scope: 'admin',
  summary: 'List the banks',
  description: 'In the order in which they were made.',
  answer: z.array(bankOut),
  examples: [{ name: 'all of them', request: {} }],
  errors: [],
  handle: async ({ services, key }) => (await services.curator(key.id).listBanks()).map(bankShape),
})

/** `POST /api/v1/admin/banks`: a new bank. */
export const createBankOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/admin/banks',
  id: 'createBank',
  scope: 'admin',
  summary: 'Make a bank',
  description:
    'Making a bank again, with the same settings, is answered with the bank. With suppresses it is negative: an image within its threshold of one of its contents has no match of the banks that it names, and its own matches call for nothing.',
  json: { schema: newBank, maxBytes },
  answer: bankOut,
  examples: [
    {
      name: 'with tiers',
      request: { json: { name: exampleBank, threshold: 31, tiers: [{ name: 'near', distance: 16 }] } },
    },
    {
      name: 'a negative one',
      request: { json: { name: 'harmless', threshold: 10, suppresses: [exampleBank] } },
    },
  ],
  errors: [
    {
      status: 400,
      code: 'InvalidRequest',
      when: 'a field is not what it has to be, a tier lies beyond the threshold, or a bank to suppress is not there',
      request: { json: { name: 'new', suppresses: ['nobody'] } },
    },
    {
      status: 409,
      code: 'Conflict',
      when: 'there is a bank of that name with other settings',
      request: { json: { name: exampleBank, threshold: 1 } },
    },
  ],
  async handle({ services, key, body }) {
    const { value } = body as { readonly value: NewBankIn }
    const { name, profile = 'reference-512' } = value
    const wanted = {
      name,
      threshold: defaultThreshold,
      minQuality: defaultMinQuality,
      profile,
      ...settingsOf(value),
    }
    const curator = services.curator(key.id)
    const known = await curator.findBank(name)
    if (known && isAsWanted(known, { enabledRatio: 1, tiers: [], ...wanted })) return bankShape(known)
    return bankShape(await curator.createBank(wanted))
  },
})

/** `GET /api/v1/admin/bank/{name}`: one bank. */
export const getBankOperation: Operation = defineOperation({
  method: 'get',
  path: bankPath,
  id: 'getBank',
  scope: 'admin',
  summary: 'Tell of a bank',
  description: 'As in the list.',
  answer: bankOut,
  examples: [{ name: 'a bank', request: { params: { name: exampleBank } } }],
  errors: [noSuchBank()],
  handle: async (call) => bankShape(await requireBank(call)),
})

/** `PUT /api/v1/admin/bank/{name}`: how a bank is matched. */
export const updateBankOperation: Operation = defineOperation({
  method: 'put',
  path: bankPath,
  id: 'updateBank',
  scope: 'admin',
  summary: 'Change how a bank is matched, or its name',
  description:
    'What is not said stays. The next match goes by it; labels that were published stay. Policies and settings go by the name of a bank.',
  json: { schema: bankChange, maxBytes },
  answer: bankOut,
  examples: [
    { name: 'a share of images', request: { params: { name: exampleBank }, json: { enabled_ratio: 0.5 } } },
    { name: 'a distance', request: { params: { name: exampleBank }, json: { threshold: 20 } } },
  ],
  errors: [
    noSuchBank({ json: { enabled: true } }),
    {
      status: 400,
      code: 'InvalidRequest',
      when: 'a field is not what it has to be, or the settings do not fit together',
      request: { params: { name: exampleBank }, json: { threshold: 1 } },
    },
    {
      status: 409,
      code: 'Conflict',
      when: 'the new name is taken',
      request: { params: { name: exampleBank }, json: { name: 'harmless' } },
    },
  ],
  async handle(call) {
    const { value } = call.body as { readonly value: BankChangeIn }
    const bank = await requireBank(call)
    const change = { ...settingsOf(value), ...(value.name !== undefined && { name: value.name }) }
    const updated = await call.services.curator(call.key.id).updateBank(bank.id, change)
    return bankShape(updated ?? (await requireBank(call)))
  },
})

/** `DELETE /api/v1/admin/bank/{name}`: removes a bank. */
export const removeBankOperation: Operation = defineOperation({
  method: 'delete',
  path: bankPath,
  id: 'removeBank',
  scope: 'admin',
  summary: 'Remove a bank with all that it holds',
  description:
    'A bank that is not there is removed already. It can be restored until the operator purges it. Labels that were published stay.',
  answer: z.strictObject({ removed: z.boolean().describe('False when there was none') }),
  examples: [{ name: 'a bank', request: { params: { name: exampleBank } } }],
  errors: [],
  async handle({ services, key, params }) {
    const curator = services.curator(key.id)
    const bank = await curator.findBank(params['name'] ?? '')
    return { removed: bank !== undefined && (await curator.removeBank(bank)) }
  },
})

function isAsWanted(bank: Bank, wanted: Partial<Bank>): boolean {
  const isSame = (name: keyof Bank): boolean => JSON.stringify(bank[name]) === JSON.stringify(wanted[name])
  const settings = ['threshold', 'minQuality', 'profile', 'enabledRatio', 'tiers', 'suppresses'] as const
  return settings.every(isSame)
}
