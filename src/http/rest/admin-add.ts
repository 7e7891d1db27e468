import { z } from 'zod'
import type { ContentHash } from '../../model/bank.ts'
import { hashesForBank } from '../../model/bank-hashes.ts'
import type { WantedContent } from '../../model/curation.ts'
import { parseHashValue } from '../../model/hash.ts'
import { exampleBank, noSuchBank, requireBank } from './admin-banks.ts'
import { type ContentFields, contentForm, type SignalIn, signal } from './admin-shapes.ts'
import { hashOrRefuse } from './hash-image.ts'
import { defineOperation, type Operation, type RestCall } from './operation.ts'
import { RestError } from './problem.ts'
import { parseJson } from './read-body.ts'

const answer = z.strictObject({
  id: z.int().describe('The content'),
  is_new: z.boolean().describe('False when the bank held all of it already'),
  signals: z.record(z.string(), z.string()).describe('The hashes that were sent or made, by type'),
  left_out: z
    .boolean()
    .describe('True when the picture’s PDQ hash is below the bank’s least quality, and not kept'),
})

const sampleHash = 'f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22'
const params = { name: exampleBank }
const wrongHash = {
  status: 400,
  code: 'InvalidRequest',
  when: 'the hash is none of its type, or a field is not what it has to be',
  request: { params, json: { hash: 'abc' } },
}

/** `POST /api/v1/admin/bank/{name}/signal`: adds a hash. */
export const addSignalOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/admin/bank/{name}/signal',
  id: 'addSignal',
  scope: 'admin',
  summary: 'Add a hash to a bank',
  description:
    'A bank holds a hash once: adding it again is answered with the content that has it, of which then holds what is said.',
  json: { schema: signal, maxBytes: () => 500_000 },
  answer,
  examples: [
    { name: 'a PDQ hash', request: { params, json: { hash: sampleHash } } },
    {
      name: 'a digest with a note',
      request: { params, json: { hash: 'd'.repeat(64), hash_type: 'sha256', note: 'ticket 17' } },
    },
  ],
  errors: [wrongHash, noSuchBank({ json: { hash: sampleHash } })],
  handle: async (call) => await addSignal(call, (call.body as { readonly value: SignalIn }).value),
})

/** `POST /api/v1/admin/bank/{name}/content`: adds a picture, or a hash. */
export const addContentOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/admin/bank/{name}/content',
  id: 'addContent',
  scope: 'admin',
  summary: 'Add a picture, or a hash, to a bank',
  description:
    'A picture comes as a form (photo) or as bytes: its PDQ hash in the bank’s profile, MD5 and SHA-256 are kept, and the picture is not. Fields of the form say more: note, source_id, content_uri, and metadata as JSON. A hash comes in JSON, as for /signal.',
  json: { schema: signal, maxBytes: () => 500_000 },
  takesImage: true,
  answer,
  examples: [
    { name: 'a picture', request: { params, file: 'picture' } },
    { name: 'a hash', request: { params, json: { hash: sampleHash } } },
  ],
  errors: [
    wrongHash,
    noSuchBank({ json: { hash: sampleHash } }),
    {
      status: 415,
      code: 'UnsupportedImage',
      when: 'the file is no image',
      request: { params, file: 'text' },
    },
  ],
  async handle(call) {
    const { body } = call
    if (body.kind === 'json') return await addSignal(call, body.value)
    if (body.kind !== 'image') throw new RestError(400, 'MissingFile', 'Expected a hash or an image')
    const bank = await requireBank(call)
    const origin = originOf(parseFormFields(body.fields))
    const { hashes } = await hashOrRefuse(call, body.image.bytes)
    // An enabled bank with SHA-1 has every image of the network hashed so too; SHA-256 finds the same files.
    const { kept, leftOut } = hashesForBank(
      bank,
      hashes.filter(({ type }) => type !== 'sha1'),
    )
    const contents = kept.map(({ type, value, quality }): ContentHash => ({ type, value, quality }))
    return await add(call, { ...origin, hashes: contents }, leftOut !== undefined)
  },
})

async function addSignal(call: RestCall<unknown, unknown>, value: SignalIn) {
  const { hash_type: type, hash, quality } = value
  const parsed = parseHashValue(type, hash) as string
  const hashes = [{ type, value: parsed, quality: type === 'pdq' ? quality : 100 }]
  return await add(call, { ...originOf(value), hashes }, false)
}

async function add(call: RestCall<unknown, unknown>, content: WantedContent, isLeftOut: boolean) {
  const bank = await requireBank(call)
  const { contentId, isNew } = await call.services.curator(call.key.id).addContent(bank, content)
  const signals = Object.fromEntries(content.hashes.map(({ type, value }) => [type, value]))
  return { id: contentId, is_new: isNew, signals, left_out: isLeftOut }
}

function originOf({ note, source_id: sourceId, content_uri: contentUri, metadata }: ContentFields) {
  return {
    ...(note !== undefined && { note }),
    ...(sourceId !== undefined && { sourceId }),
    ...(contentUri !== undefined && { contentUri }),
    ...(metadata !== undefined && { metadata }),
  }
}

/** In a form everything is text; what else it holds is passed over. */
function parseFormFields({ metadata, ...texts }: Readonly<Record<string, string>>): ContentFields {
  const json = metadata === undefined || metadata === '' ? {} : { metadata: parseJson(Buffer.from(metadata)) }
  const parsed = contentForm.safeParse({ ...texts, ...json })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new RestError(400, 'InvalidRequest', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
}
