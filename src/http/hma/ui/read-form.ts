import express, { type Request, type RequestHandler } from 'express'
import { badRequest } from '../hma-error.ts'
import type { HmaServices } from '../hma-services.ts'
import type { Media } from '../media.ts'
import { isUpload, readUpload } from '../read-upload.ts'
import { parseContentType } from '../signal-types.ts'

/** A form: its fields, and the file of it where there is one. */
export type Form = { readonly fields: ReadonlyMap<string, string>; readonly media: Media | undefined }

/** Reads the body of a plain form, of at most 16 KiB and 20 fields. */
export const readPlainForm: RequestHandler = express.urlencoded({
  extended: false,
  limit: 16 * 1024,
  parameterLimit: 20,
})

/** Returns the form that a request carries, plain or with a file. @throws HmaError 400; AppError `too-large`. */
export async function readForm({ media }: Pick<HmaServices, 'media'>, request: Request): Promise<Form> {
  if (!isUpload(request)) return { fields: plainFields(request.body), media: undefined }
  const { files, fields } = await readUpload(request, media.maxBytes)
  const [file] = files
  return { fields, media: file && { bytes: file.bytes, kind: parseContentType(file.field) } }
}

/** Returns a field that has to be there. @throws HmaError 400 */
export function requireField({ fields }: Pick<Form, 'fields'>, name: string): string {
  const value = fields.get(name)?.trim()
  if (value) return value
  throw badRequest(`Expected the field ${name} but there is none`)
}

function plainFields(body: unknown): ReadonlyMap<string, string> {
  const pairs = typeof body === 'object' && body !== null ? Object.entries(body) : []
  return new Map(pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'))
}
