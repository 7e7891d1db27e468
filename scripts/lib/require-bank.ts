import { closestOf } from '../../src/lib/closest.ts'
import { AppError } from '../../src/lib/errors.ts'
import type { Bank } from '../../src/model/bank.ts'
import type { Tools } from '../../src/tools.ts'

/** There is no bank of that name. */
class NoSuchBankError extends AppError {
  override readonly name = 'NoSuchBankError'
  constructor(name: string, names: readonly string[]) {
    const advice = names.length === 0 ? 'there are none yet' : `did you mean ${closestOf(name, names)}?`
    super('not-found', `No such bank: ${name}; ${advice}`)
  }
}

/** Returns the bank of that name. @throws {NoSuchBankError} */
export async function requireBank(tools: Tools, name: string): Promise<Bank> {
  const bank = await tools.banks.find(name)
  if (bank) return bank
  const banks = await tools.banks.list()
  throw new NoSuchBankError(
    name,
    banks.map((candidate) => candidate.name),
  )
}
