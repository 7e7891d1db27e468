import { z } from 'zod'
import type { AppEvent } from '../../model/webhook.ts'
import { defineOperation, type Operation } from './operation.ts'
import { RestError } from './problem.ts'
import { imageUrlSchema, metadataSchema } from './schemas.ts'

/** The words for undoing, as they are compared: in lower case, letters alone. */
const reversals: ReadonlySet<string> = new Set([
  'reverse',
  'reversed',
  'reversetakedown',
  'restore',
  'restored',
  'reinstate',
  'reinstated',
  'overturn',
  'overturned',
  'falsepositive',
  'deconfirm',
  'deconfirmed',
])

const event = z.object({
  event_type: z
    .string()
    .min(1)
    .max(64)
    .describe('image_upload or moderation_action; any other is logged with a warning'),
  content_id: z
    .string()
    .min(1)
    .max(2048)
    .nullish()
    .describe('A record’s at-uri, a DID, did/cid, a blob’s CID, or an id of the app’s own'),
  image_url: imageUrlSchema.nullish().describe('For image_upload: where the image is; public https'),
  action: z
    .string()
    .min(1)
    .max(200)
    .nullish()
    .describe(
      'For moderation_action: what the moderator did. It is a reversal where it is one of reverse, reverse_takedown, restore, reinstate, overturn, false_positive, deconfirm, or Ozone’s modEventReverseTakedown',
    ),
  metadata: metadataSchema,
})

const record = 'at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.feed.post/3l6oveex3ii2l'
const image = {
  event_type: 'image_upload',
  content_id: 'content_10',
  image_url: 'https://images.example.com/image.jpg',
}

/** `POST /api/v1/webhook/atproto-callback`: what a PDS or an app tells, signed. */
export const atprotoCallbackOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/webhook/atproto-callback',
  id: 'atprotoCallback',
  scope: 'webhook',
  summary: 'Take what an app tells: an image was uploaded, a moderator has acted',
  description:
    'Signed as hma-callback is. image_upload is queued, durably, and answered at once; the image is fetched, hashed and matched within seconds, the policy acts, match/status knows of the content_id, and the endpoints of the settings are told. moderation_action goes to the log; where it is a reversal, our labels on the content are withdrawn, and its match counts for nothing.',
  json: { schema: event, maxBytes: () => 64_000 },
  answer: z.strictObject({ status: z.literal('success'), message: z.string() }),
  examples: [
    { name: 'an image', request: { json: image } },
    {
      name: 'a reversal',
      request: { json: { event_type: 'moderation_action', content_id: record, action: 'reverse_takedown' } },
    },
    { name: 'anything else', request: { json: { event_type: 'account_created' } } },
  ],
  errors: [
    {
      status: 400,
      code: 'MissingField',
      when: 'an image has no content_id or no image_url, or an action no content_id or no action',
      request: { json: { event_type: 'image_upload', content_id: 'content_10' } },
    },
    {
      status: 400,
      code: 'InvalidRequest',
      when: 'there is no event_type, or image_url is no address',
      request: { json: { ...image, image_url: 'image.jpg' } },
    },
  ],
  async handle({ body, services, deliveryId }) {
    const { value } = body as { readonly value: z.infer<typeof event> }
    const appEvent = appEventOf(value, deliveryId)
    await services.handleAppEvent(appEvent)
    return { status: 'success', message: messages[appEvent.kind] }
  },
})

const messages = {
  image: 'Accepted image_upload event: the image will be looked at',
  moderation: 'Processed moderation_action event',
  result: 'Processed event',
  other: 'Logged unknown event',
} as const

function appEventOf(
  { event_type: type, content_id: contentId, image_url: imageUrl, action }: z.infer<typeof event>,
  deliveryId: string,
): AppEvent {
  if (type === 'image_upload')
    return {
      deliveryId,
      kind: 'image',
      contentId: required(contentId, 'content_id'),
      imageUrl: required(imageUrl, 'image_url'),
    }
  if (type === 'moderation_action')
    return {
      deliveryId,
      kind: 'moderation',
      contentId: required(contentId, 'content_id'),
      action: required(action, 'action'),
      isReversal: isReversal(required(action, 'action')),
    }
  return { deliveryId, kind: 'other', type: /^[\w.-]+$/.test(type) ? type : 'unreadable' }
}

function required(text: string | null | undefined, field: string): string {
  if (text === null || text === undefined)
    throw new RestError(400, 'MissingField', `Missing ${field} in payload`)
  return text
}

function isReversal(action: string): boolean {
  const word = action
    .toLowerCase()
    .replace(/^.*#modevent/, '')
    .replace(/^modevent/, '')
    .replaceAll(/[^a-z]/g, '')
  return reversals.has(word)
}
