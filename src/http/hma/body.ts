import express, { type Request, type RequestHandler } from 'express'
import { badRequest } from './hma-error.ts'
import { isJsonObject } from './json.ts'
import { isUpload } from './read-upload.ts'

/** Reads a JSON body whatever it says that it is, unless it is a form: not all clients say. At most 256 KiB. */
export const readJson: RequestHandler = express.json({
  type: (request) => !isUpload(request as Request),
  limit: 256 * 1024,
  strict: false,
})

/** Returns the fields of a JSON body; none where there is no body. @throws HmaError 400 when it is no object. */
export function bodyOf(
  request: Request,
  message = 'Expected a JSON object',
): Readonly<Record<string, unknown>> {
  const body: unknown = request.body
  if (body === undefined) return {}
  if (isJsonObject(body)) return body
  throw badRequest(message)
}
