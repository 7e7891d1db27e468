import { z } from 'zod'
import type { HashedBytes } from '../../model/api.ts'
import type { ImageHash } from '../../model/hash.ts'
import { unscannableReasons } from '../../model/scan.ts'
import { defineOperation, type Operation, type RestCall } from './operation.ts'
import { RestError } from './problem.ts'
import { parseJson, tooLarge } from './read-body.ts'
import type { SentImage } from './read-form.ts'
import { imageUrlSchema, matchOf, matchSchema, metadataSchema, timestampSchema } from './schemas.ts'

const hashSchema = z.strictObject({
  algorithm: z.enum(['pdq', 'md5', 'sha1', 'sha256']),
  hash_value: z.string().describe('Lower-case hex digits'),
  quality: z.int().nullable().describe('PDQ’s own judgement of detail, 0 to 100; null for a digest'),
  metadata: z
    .strictObject({ profile: z.string() })
    .nullable()
    .describe('Which of the two PDQs it is: reference-512 or full-resolution'),
})

const answer = z.strictObject({
  filename: z.string(),
  content_type: z.string(),
  size: z.int().describe('Bytes received'),
  hashes: z.array(hashSchema).describe('PDQ first; digests are of the bytes as they were received'),
  timestamp: timestampSchema,
  success: z.literal(true),
  hash: z.string().describe('The first of the hashes, for earlier clients'),
  hma_status: z.literal('success'),
  matches: z
    .array(matchSchema)
    .optional()
    .describe('What the image matches within the banks’ own thresholds; for keys that may match'),
})

/** Refusals of what cannot be hashed, which both ways of hashing share. */
const unscannable: Readonly<Record<keyof typeof unscannableReasons, number>> = {
  empty: 400,
  'unsupported-format': 415,
  'format-refused': 415,
  'too-many-pixels': 413,
  'too-much-memory': 413,
  corrupt: 422,
}

/** A whole picture: 8 by 8 pixels of one colour. */
const samplePng =
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAEUlEQVQImWOIqpiGFTEMLQkAG9VaAdKusaYAAAAASUVORK5CYII='

const jsonImage = z.object({
  image: z
    .string()
    .min(1)
    // A regular expression would keep a place to go back to for each of millions of characters.
    .refine((text) => Buffer.from(text, 'base64').toString('base64') === text, { error: 'Expected base64' })
    .meta({ contentEncoding: 'base64', description: 'The image in base64' }),
  filename: z.string().max(255).optional(),
  content_type: z.string().max(100).optional(),
  metadata: metadataSchema,
})

/** `POST /api/v1/hash`: hashes an image that is sent. */
export const hashImageOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/hash',
  id: 'hashImage',
  scope: 'hash',
  summary: 'Hash an image',
  description:
    'The image comes as a form (file, image, photo or video), as bytes of type image/* or application/octet-stream, or as base64 in JSON. It is decoded in a confined process and not kept.',
  json: {
    schema: jsonImage,
    maxBytes: ({ maxImageBytes }) => Math.ceil(maxImageBytes / 3) * 4 + 20_000,
  },
  takesImage: true,
  answer,
  examples: [
    { name: 'as a form', request: { file: 'picture' } },
    { name: 'as bytes', request: { file: 'picture', as: 'bytes' } },
    { name: 'in JSON', request: { json: { image: samplePng, filename: 'dot.png' } } },
  ],
  errors: [
    {
      status: 400,
      code: 'MissingFile',
      when: 'the form has no file',
      request: {
        raw: {
          contentType: 'multipart/form-data; boundary=x',
          text: '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n',
        },
      },
    },
    {
      status: 415,
      code: 'UnsupportedImage',
      when: 'the bytes are not JPEG, PNG, WebP, GIF, AVIF or TIFF',
      request: { file: 'text' },
    },
    {
      status: 422,
      code: 'UndecodableImage',
      when: 'the image is broken',
      request: { json: { image: Buffer.from(samplePng, 'base64').subarray(0, 40).toString('base64') } },
    },
  ],
  async handle(call) {
    return await hashSent(call, imageOf(call))
  },
})

/** `POST /api/v1/hash/url`: hashes the image at an address. */
export const hashUrlOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/hash/url',
  id: 'hashUrl',
  scope: 'hash',
  summary: 'Hash the image at an address',
  description:
    'The address must be public https, and so must every redirect. What is fetched is bounded in size and time, decoded in a confined process and not kept.',
  json: {
    schema: z.object({
      url: imageUrlSchema,
      metadata: metadataSchema,
    }),
    maxBytes: () => 40_000,
  },
  fetchesImage: true,
  answer,
  examples: [{ name: 'an image', request: { json: { url: 'https://images.example.com/image.jpg' } } }],
  errors: [
    {
      status: 403,
      code: 'Forbidden',
      when: 'the address is not public https',
      request: { json: { url: 'https://127.0.0.1/image.jpg' } },
    },
    {
      status: 502,
      code: 'UpstreamFailure',
      when: 'the address does not give an image',
      request: { json: { url: 'https://images.example.com/gone.jpg' } },
    },
  ],
  async handle(call) {
    const { value } = call.body as { readonly value: { readonly url: string } }
    const bytes = await call.services.fetchImage(value.url, call.signal)
    const filename = new URL(value.url).pathname.split('/').at(-1) ?? ''
    return await hashSent(call, {
      bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
      filename,
      contentType: '',
    })
  },
})

/** Returns the image of a call, however it was sent. */
function imageOf({ body, options }: RestCall<unknown, z.infer<typeof jsonImage>>): SentImage {
  if (body.kind === 'image') {
    checkFormMetadata(body.fields['metadata'])
    return body.image
  }
  if (body.kind === 'none') throw new RestError(400, 'MissingFile', 'Expected an image but received nothing')
  const { image, filename = '', content_type: contentType = '' } = body.value
  const bytes = Buffer.from(image, 'base64')
  if (bytes.length > options.maxImageBytes) throw tooLarge(options.maxImageBytes)
  return { bytes, filename, contentType }
}

/** In a form it is text. */
function checkFormMetadata(text: string | undefined): void {
  if (text === undefined || text === '') return
  if (metadataSchema.safeParse(parseJson(Buffer.from(text))).success) return
  throw new RestError(400, 'InvalidRequest', 'Expected an object in JSON for metadata', [
    { field: 'metadata', problem: 'Expected an object in JSON' },
  ])
}

async function hashSent(
  call: Pick<RestCall<unknown, unknown>, 'services' | 'signal' | 'key'>,
  image: SentImage,
) {
  const hashed = await hashOrRefuse(call, image.bytes)
  const { hashes, facts } = hashed
  const shown = hashes.filter(isShown)
  const matches = call.key.scopes.includes('match')
    ? { matches: (await call.services.matchImage(hashes, {})).map(matchOf) }
    : {}
  return {
    filename: image.filename,
    content_type: image.contentType === '' ? `image/${facts.format}` : image.contentType,
    size: image.bytes.length,
    hashes: shown.map((hash) => ({
      algorithm: hash.type,
      hash_value: hash.value,
      quality: hash.type === 'pdq' ? hash.quality : null,
      metadata: hash.type === 'pdq' ? { profile: hash.profile } : null,
    })),
    timestamp: new Date().toISOString(),
    success: true,
    hash: shown[0]?.value ?? '',
    hma_status: 'success',
    ...matches,
  }
}

/** Returns the hashes of bytes. @throws {RestError} when they are no image that can be hashed. */
export async function hashOrRefuse(
  { services, signal }: Pick<RestCall<unknown, unknown>, 'services' | 'signal'>,
  bytes: Uint8Array,
): Promise<Extract<HashedBytes, { readonly kind: 'hashed' }>> {
  const hashed = await services.hash(bytes, signal)
  if (hashed.kind === 'hashed') return hashed
  const status = unscannable[hashed.reason]
  const code = status === 415 ? 'UnsupportedImage' : status === 413 ? 'PayloadTooLarge' : 'UndecodableImage'
  throw new RestError(
    status,
    code,
    unscannableReasons[hashed.reason].replace('The blob has', 'The image has'),
  )
}

/** Of the looks at an image, callers get the one at its stored pixels. */
function isShown(hash: ImageHash): boolean {
  return hash.type !== 'pdq' || hash.variant === 'original'
}
