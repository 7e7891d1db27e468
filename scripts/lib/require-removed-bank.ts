import { AppError } from '../../src/lib/errors.ts'
import type { RemovedBank } from '../../src/model/curation.ts'
import type { Tools } from '../../src/tools.ts'

/** No bank of that name was removed, or it was purged. */
class NoRemovedBankError extends AppError {
  override readonly name = 'NoRemovedBankError'
  constructor(name: string) {
    super('not-found', `No removed bank: ${name}; harrier bank list --removed shows them`)
  }
}

/** Returns the bank of that name that was removed last. @throws {NoRemovedBankError} */
export async function requireRemovedBank(tools: Tools, name: string): Promise<RemovedBank> {
  const removed = (await tools.removed.banks()).find((bank) => bank.name === name)
  if (removed) return removed
  throw new NoRemovedBankError(name)
}
