import { z } from 'zod'
import { AppError } from '../../lib/errors.ts'
import { exampleBank, noSuchBank, requireBank } from './admin-banks.ts'
import { contentNotFound, exampleContent, idOf } from './admin-contents.ts'
import { bankOut, bankShape, contentOut, contentShape } from './admin-shapes.ts'
import { defineOperation, type Operation } from './operation.ts'

const nothing = { schema: z.strictObject({}), maxBytes: () => 1_000 }

/** `POST /api/v1/admin/bank/{name}/content/{content_id}/restore`: a removed content, put back. */
export const restoreContentOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/admin/bank/{name}/content/{content_id}/restore',
  id: 'restoreContent',
  scope: 'admin',
  summary: 'Put back a content that was removed',
  description:
    'It is as it was, under its id, but for hashes that another content of the bank has by now. A content that is there is answered as it is.',
  json: nothing,
  answer: contentOut,
  examples: [{ name: 'a content', request: { params: exampleContent, json: {} } }],
  errors: [
    noSuchBank({ params: exampleContent, json: {} }),
    {
      status: 404,
      code: 'NotFound',
      when: 'no content of that id was removed from the bank, or it was purged',
      request: { params: { name: exampleBank, content_id: '999' }, json: {} },
    },
  ],
  async handle(call) {
    const bank = await requireBank(call)
    const curator = call.services.curator(call.key.id)
    const id = idOf(call.params)
    if ((await curator.restoreContent(bank, id)) === 'held')
      throw new AppError(
        'conflict',
        'Expected a hash that the bank does not have, but other contents have all of them',
      )
    const content = await curator.findContent(bank.id, id)
    if (!content) throw contentNotFound()
    return contentShape(content, Date.now())
  },
})

/** `POST /api/v1/admin/bank/{name}/restore`: a removed bank, put back. */
export const restoreBankOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/admin/bank/{name}/restore',
  id: 'restoreBank',
  scope: 'admin',
  summary: 'Put back a bank that was removed',
  description:
    'With all that it held, as it was; of several of one name the one that was removed last. A bank that is there is answered as it is.',
  json: nothing,
  answer: bankOut,
  examples: [{ name: 'a bank', request: { params: { name: exampleBank }, json: {} } }],
  errors: [noSuchBank({ json: {} })],
  async handle(call) {
    const name = call.params['name'] ?? ''
    const curator = call.services.curator(call.key.id)
    const removed = (await curator.removedBanks()).find((bank) => bank.name === name)
    const known = await curator.findBank(name)
    const bank = known ?? (removed && (await curator.restoreBank(removed, name)))
    return bankShape(bank ?? (await requireBank(call)))
  },
})
