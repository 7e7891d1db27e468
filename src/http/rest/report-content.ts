import { z } from 'zod'
import { hashOrRefuse } from './hash-image.ts'
import { defineOperation, type Operation } from './operation.ts'
import { imageUrlSchema } from './schemas.ts'

/** `POST /api/hma/report`: looks at the image of content that a user reported, and does what the policy says. */
export const reportContentOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/hma/report',
  id: 'reportContent',
  scope: 'act',
  summary: 'Have a reported image looked at',
  description:
    'The image is fetched, hashed and matched within the banks’ own thresholds. A match is taken down where the policy file gives it !takedown, and is otherwise put before a person; what matches nothing is answered with none. The reason is not stored.',
  json: {
    schema: z.object({
      contentId: z.string().min(1).max(2048),
      imageUrl: imageUrlSchema,
      reportReason: z.string().max(2000).nullish(),
    }),
    maxBytes: () => 40_000,
  },
  fetchesImage: true,
  answer: z.strictObject({ action: z.enum(['takedown', 'review', 'none']) }),
  examples: [
    {
      name: 'an image',
      request: {
        json: {
          contentId: 'content_123',
          imageUrl: 'https://images.example.com/image.jpg',
          reportReason: 'spam',
        },
      },
    },
  ],
  errors: [
    {
      status: 403,
      code: 'Forbidden',
      when: 'the address is not public https',
      request: { json: { contentId: 'content_123', imageUrl: 'https://10.0.0.1/image.jpg' } },
    },
    {
      status: 502,
      code: 'UpstreamFailure',
      when: 'the address does not give an image',
      request: { json: { contentId: 'content_123', imageUrl: 'https://images.example.com/gone.jpg' } },
    },
  ],
  async handle(call) {
    const { value } = call.body as {
      readonly value: { readonly contentId: string; readonly imageUrl: string }
    }
    const bytes = await call.services.fetchImage(value.imageUrl, call.signal)
    const { hashes } = await hashOrRefuse(call, bytes)
    return { action: await call.services.reportContent(call.key.id, value.contentId, hashes) }
  },
})
