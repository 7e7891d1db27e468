import { z } from 'zod'
import { AppError } from '../../lib/errors.ts'
import { maxDisabledSeconds } from '../../model/curation.ts'
import { hashTypes, parseHashValue } from '../../model/hash.ts'
import { exampleBank, noSuchBank, requireBank } from './admin-banks.ts'
import { type ContentChangeIn, contentChange, contentOut, contentShape } from './admin-shapes.ts'
import { type DocumentedError, defineOperation, type Operation } from './operation.ts'
import { RestError } from './problem.ts'
import { numberText } from './schemas.ts'

const contentsPath = '/api/v1/admin/bank/{name}/content'
const contentPath = `${contentsPath}/{content_id}`
/** The first content of a service is in its first bank; the example's is the next. */
export const exampleContent: Readonly<Record<'name' | 'content_id', string>> = {
  name: exampleBank,
  content_id: '2',
}

const noSuchContent = (request: DocumentedError['request'] = {}): DocumentedError => {
  const params = { name: exampleBank, content_id: '999' }
  return {
    status: 404,
    code: 'NotFound',
    when: 'the bank has no such content',
    request: { ...request, params },
  }
}

const wanted = z.object({
  text: z
    .string()
    .max(500)
    .optional()
    .describe('Only contents with this in their note, label, source_id or content_uri, in either case'),
  disabled: z
    .enum(['true', 'false'])
    .optional()
    .describe('Only contents that are disabled now, or only others'),
  hash: z.string().max(64).optional().describe('Only the content that has exactly this hash'),
  hash_type: z.enum(hashTypes).default('pdq').describe('The type of hash'),
  after: numberText(0, Number.MAX_SAFE_INTEGER, 0).describe('Only contents after this id'),
  limit: numberText(1, 1000, 100),
})

/** `GET /api/v1/admin/bank/{name}/content`: what a bank holds. */
export const listContentsOperation: Operation = defineOperation({
  method: 'get',
  path: contentsPath,
  id: 'listContents',
  scope: 'admin',
  summary: 'List what a bank holds, or look for it',
  description:
    'By their ids, which rise. A page looks at a bounded part of the bank: it may have fewer contents than limit, or none, and still not be the last. Go on with after=next until next is null.',
  query: wanted,
  answer: z.strictObject({
    contents: z.array(contentOut),
    next: z.int().nullable().describe('What the next page comes after; null when there is none'),
  }),
  examples: [
    { name: 'a page', request: { params: { name: exampleBank }, query: { limit: '10' } } },
    {
      name: 'by words',
      request: { params: { name: exampleBank }, query: { text: 'ticket', disabled: 'false' } },
    },
    { name: 'by a hash', request: { params: { name: exampleBank }, query: { hash: 'a'.repeat(64) } } },
  ],
  errors: [
    noSuchBank(),
    {
      status: 400,
      code: 'InvalidRequest',
      when: 'the query is not what it has to be',
      request: { params: { name: exampleBank }, query: { limit: '0' } },
    },
  ],
  async handle(call) {
    const { text, disabled, hash, hash_type: type, after, limit } = call.query
    const bank = await requireBank(call)
    const curator = call.services.curator(call.key.id)
    const nowMs = Date.now()
    if (hash !== undefined) {
      const value = parseHashValue(type, hash)
      if (value === undefined)
        throw new RestError(400, 'InvalidRequest', 'hash: Expected the hex digits of a hash of that type')
      const id = await curator.contentHolding(bank.id, { type, value })
      const content = id === undefined ? undefined : await curator.findContent(bank.id, id)
      return { contents: content ? [contentShape(content, nowMs)] : [], next: null }
    }
    const page = await curator.searchContents(bank.id, {
      afterId: after,
      limit,
      nowSeconds: nowMs / 1000,
      ...(text !== undefined && { text }),
      ...(disabled !== undefined && { isDisabled: disabled === 'true' }),
    })
    return {
      contents: page.contents.map((content) => contentShape(content, nowMs)),
      next: page.nextAfterId ?? null,
    }
  },
})

/** `GET /api/v1/admin/bank/{name}/content/{content_id}`: one content. */
export const getContentOperation: Operation = defineOperation({
  method: 'get',
  path: contentPath,
  id: 'getContent',
  scope: 'admin',
  summary: 'Tell of a content',
  description: 'As in the list.',
  answer: contentOut,
  examples: [{ name: 'a content', request: { params: exampleContent } }],
  errors: [noSuchContent()],
  async handle(call) {
    const bank = await requireBank(call)
    const content = await call.services.curator(call.key.id).findContent(bank.id, idOf(call.params))
    if (!content) throw contentNotFound()
    return contentShape(content, Date.now())
  },
})

/** `PUT /api/v1/admin/bank/{name}/content/{content_id}`: what is said of a content, and whether it is matched. */
export const updateContentOperation: Operation = defineOperation({
  method: 'put',
  path: contentPath,
  id: 'updateContent',
  scope: 'admin',
  summary: 'Disable or enable a content, or change what is said of it',
  description: 'What is not said stays; an empty text takes away what there is. The next match goes by it.',
  json: { schema: contentChange, maxBytes: () => 500_000 },
  answer: contentOut,
  examples: [
    { name: 'a note', request: { params: exampleContent, json: { note: 'ticket 17' } } },
    { name: 'matched no more', request: { params: exampleContent, json: { disable_until_ts: 0 } } },
  ],
  errors: [
    noSuchContent({ json: { note: '' } }),
    {
      status: 400,
      code: 'InvalidRequest',
      when: 'a field is not what it has to be',
      request: { params: exampleContent, json: { disable_until_ts: -1 } },
    },
  ],
  async handle(call) {
    const { value } = call.body as { readonly value: ContentChangeIn }
    const {
      disable_until_ts: until,
      source_id: sourceId,
      content_uri: contentUri,
      note,
      label,
      metadata,
    } = value
    if (until !== undefined && until > Date.now() / 1000 + maxDisabledSeconds)
      throw new RestError(400, 'InvalidRequest', 'disable_until_ts: Expected a time within five years')
    const bank = await requireBank(call)
    const updated = await call.services.curator(call.key.id).updateContent(bank, idOf(call.params), {
      ...(until !== undefined && { disableUntil: until }),
      ...(note !== undefined && { note }),
      ...(label !== undefined && { label }),
      ...(sourceId !== undefined && { sourceId }),
      ...(contentUri !== undefined && { contentUri }),
      ...(metadata !== undefined && { metadata }),
    })
    if (!updated) throw contentNotFound()
    return contentShape(updated, Date.now())
  },
})

/** `DELETE /api/v1/admin/bank/{name}/content/{content_id}`: removes a content. */
export const removeContentOperation: Operation = defineOperation({
  method: 'delete',
  path: contentPath,
  id: 'removeContent',
  scope: 'admin',
  summary: 'Remove a content',
  description:
    'A content that is not there is removed already. It can be restored until the operator purges it.',
  answer: z.strictObject({ deleted: z.int().describe('1, or 0 when the bank had none of that id') }),
  examples: [{ name: 'a content', request: { params: exampleContent } }],
  errors: [noSuchBank({ params: exampleContent })],
  async handle(call) {
    const bank = await requireBank(call)
    return {
      deleted: Number(await call.services.curator(call.key.id).removeContent(bank, idOf(call.params))),
    }
  },
})

/** Returns the content's id of the path. @throws {AppError} `not-found` */
export function idOf(params: Readonly<Record<string, string>>): number {
  const text = params['content_id'] ?? ''
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw contentNotFound()
}

/** What is thrown for a content that is not there. */
export function contentNotFound(): AppError {
  return new AppError('not-found', 'Expected a content of the bank but received the id of none')
}
