import type { Request, RequestHandler } from 'express'
import { AppError } from '../../lib/errors.ts'
import type { BodyLimits } from '../read-bytes.ts'
import type { Services } from '../services.ts'
import { formatBlob, parsePlace, typeOf } from './blob-request.ts'
import { readRequestBody } from './request-body.ts'

/**
 * Returns the handler of what an Ozone moderator diverts. It answers 200 once the report is durable, whatever the blob is:
 * Ozone takes the record down then.
 */
export function createReportBlob(
  services: Pick<Services, 'receiveBlob'>,
  limits: BodyLimits,
): RequestHandler {
  return (request, response, next) => {
    answer(services, limits, request).then((body) => response.json(body), next)
  }
}

async function answer(
  services: Pick<Services, 'receiveBlob'>,
  limits: BodyLimits,
  request: Request,
): Promise<object> {
  const place = parsePlace(request)
  if (!place) throw new AppError('invalid', 'Expected at://<did>/<collection>/<rkey> for uri')
  const bytes = await readRequestBody(request, limits)
  const received = await services.receiveBlob({ kind: 'report', sender: 'ozone', bytes, place })
  return {
    blob: formatBlob(received, typeOf(request), bytes.length),
    review: { ticketId: String(received.reviewId) },
  }
}
