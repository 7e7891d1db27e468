import type { Request, RequestHandler } from 'express'
import { makeBank } from '../banks.ts'
import type { HmaServices } from '../hma-services.ts'
import { readForm, requireField } from './read-form.ts'

/** Returns the handler of the form that makes a bank; it leads back to the overview, as that of Hasher-Matcher-Actioner does. */
export function createCreateBankForm(services: HmaServices): RequestHandler {
  const create = async (request: Request): Promise<void> => {
    const form = await readForm(services, request)
    await makeBank(services.curator, requireField(form, 'bank_name'), { enabledRatio: 1 })
  }
  return (request, response, next) => {
    create(request).then(() => response.redirect(302, './'), next)
  }
}
