import { z } from 'zod'
import { hashTypes, parseHashValue } from '../../model/hash.ts'
import { hashOrRefuse } from './hash-image.ts'
import { type Body, defineOperation, type Operation, type RestCall } from './operation.ts'
import { problemOf, RestError } from './problem.ts'
import {
  banksSchema,
  matchOf,
  matchSchema,
  metadataSchema,
  radiusOf,
  thresholdSchema,
  timestampSchema,
} from './schemas.ts'

const defaultThreshold = 0.9
/** The most hashes of a batch. */
const maxBatch = 1000

const matchRequest = z
  .object({
    hash_value: z.string().max(64).describe('Hex digits: 64 of PDQ and SHA-256, 40 of SHA-1, 32 of MD5'),
    hash_type: z.enum(hashTypes).default('pdq'),
    threshold: thresholdSchema.default(defaultThreshold),
    banks: banksSchema,
    metadata: metadataSchema,
  })
  .refine(({ hash_type, hash_value }) => parseHashValue(hash_type, hash_value) !== undefined, {
    path: ['hash_value'],
    error: 'Expected the hex digits of a hash of that type',
  })

type MatchRequest = z.infer<typeof matchRequest>

const hashAnswer = z.strictObject({
  hash_value: z.string(),
  hash_type: z.enum(hashTypes),
  threshold: z.number(),
  max_distance: z.int().describe('The distance in bits that was searched to; 0 for a digest'),
  threshold_capped: z
    .boolean()
    .describe('True when the threshold asks for more distance than this service searches to'),
  matches: z.array(matchSchema).describe('Nearest first'),
  match_count: z.int(),
  timestamp: timestampSchema,
})

const imageAnswer = z.strictObject({
  success: z.literal(true),
  matches: z.array(matchSchema),
  match_count: z.int(),
  timestamp: timestampSchema,
})

const failedItem = z.strictObject({
  error: z.strictObject({ status: z.int(), code: z.string(), detail: z.string() }),
})

const sampleHash = 'f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22'
const sampleMd5 = { hash_value: 'd41d8cd98f00b204e9800998ecf8427e', hash_type: 'md5' }

/** `POST /api/v1/match`: looks up a hash, or an image. */
export const matchOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/match',
  id: 'match',
  scope: 'match',
  summary: 'Look up a hash, or an image, in the banks',
  description:
    'A hash comes in JSON. An image comes as a form or as bytes: it is hashed in every way that the service hashes the images of the network, matched within each bank’s own threshold, or within the form’s field threshold, and not kept.',
  json: { schema: matchRequest, maxBytes: () => 64_000 },
  takesImage: true,
  answer: z.union([hashAnswer, imageAnswer]),
  examples: [
    { name: 'a PDQ hash', request: { json: { hash_value: sampleHash, hash_type: 'pdq', threshold: 0.9 } } },
    { name: 'a digest in one bank', request: { json: { ...sampleMd5, banks: ['my-bank'] } } },
    { name: 'an image', request: { file: 'picture' } },
  ],
  errors: [
    {
      status: 400,
      code: 'InvalidRequest',
      when: 'a field is missing or not what it has to be',
      request: { json: { hash_value: 'abc', hash_type: 'pdq' } },
    },
    {
      status: 415,
      code: 'UnsupportedImage',
      when: 'the file is no image',
      request: { file: 'text' },
    },
  ],
  async handle(call) {
    const { body } = call
    if (body.kind === 'json') return await matchOne(call, body.value)
    return await matchSent(call, body)
  },
})

/** `POST /api/v1/match/batch`: looks up many hashes. */
export const matchBatchOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/match/batch',
  id: 'matchBatch',
  scope: 'match',
  summary: `Look up many hashes at once, at most ${maxBatch}`,
  description:
    'The answers stand in the order of the questions. A question that cannot be answered has an error in its place, and the others are answered all the same.',
  json: {
    schema: z.array(z.unknown()).min(1).max(maxBatch),
    documented: z.array(matchRequest).min(1).max(maxBatch),
    maxBytes: () => 2_000_000,
  },
  answer: z.array(z.union([hashAnswer, failedItem])),
  examples: [
    { name: 'two hashes', request: { json: [{ hash_value: sampleHash }, sampleMd5] } },
    { name: 'one of them wrong', request: { json: [{ hash_value: 'abc' }, sampleMd5] } },
  ],
  errors: [
    { status: 400, code: 'InvalidRequest', when: 'there is no hash, or too many', request: { json: [] } },
  ],
  async handle(call) {
    const { value } = call.body as { readonly value: readonly unknown[] }
    const answers: unknown[] = []
    for (const item of value) {
      call.signal.throwIfAborted()
      answers.push(await matchItem(call, item))
    }
    return answers
  },
})

async function matchItem(call: RestCall<unknown, unknown>, item: unknown): Promise<unknown> {
  const parsed = matchRequest.safeParse(item)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const detail = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not what it has to be'}`
    return { error: { status: 400, code: 'InvalidRequest', detail } }
  }
  try {
    return await matchOne(call, parsed.data)
  } catch (error) {
    const { problem, isFault } = problemOf(error, '')
    // What is our own fault is that of every item, and belongs in the log.
    if (isFault) throw error
    const { status, code, detail } = problem
    return { error: { status, code, detail } }
  }
}

async function matchOne({ services, options }: RestCall<unknown, unknown>, request: MatchRequest) {
  const { hash_type: type, threshold, banks } = request
  const value = parseHashValue(type, request.hash_value) as string
  const { radius, isCapped } = radiusOf(threshold, options.maxDistance)
  const isDigest = type !== 'pdq'
  const found = await services.matchHash(
    { type, value },
    { radius: isDigest ? 0 : radius, ...(banks ? { banks } : {}) },
  )
  return {
    hash_value: value,
    hash_type: type,
    threshold,
    max_distance: isDigest ? 0 : radius,
    threshold_capped: !isDigest && isCapped,
    matches: found.map(matchOf),
    match_count: found.length,
    timestamp: new Date().toISOString(),
  }
}

async function matchSent(call: RestCall<unknown, unknown>, body: Body<unknown>) {
  if (body.kind !== 'image') throw new RestError(400, 'MissingFile', 'Expected a hash or an image')
  const threshold = parseThreshold(body.fields['threshold'])
  const { hashes } = await hashOrRefuse(call, body.image.bytes)
  const search =
    threshold === undefined ? {} : { radius: radiusOf(threshold, call.options.maxDistance).radius }
  const matches = (await call.services.matchImage(hashes, search)).map(matchOf)
  return { success: true, matches, match_count: matches.length, timestamp: new Date().toISOString() }
}

/** In a form it is text. */
function parseThreshold(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const parsed = thresholdSchema.safeParse(Number(text))
  if (parsed.success) return parsed.data
  throw new RestError(400, 'InvalidRequest', 'Expected a number from 0 to 1 for threshold')
}
