/*
 * Getting at media: by a URL in the query, or as the one file of a form, whose field says what it is.
 */
import type { Request, Response } from 'express'
import { badRequest, HmaError, shown } from './hma-error.ts'
import type { HmaServices, MediaKind } from './hma-services.ts'
import { isUpload, readUpload } from './read-upload.ts'
import { parseContentType } from './signal-types.ts'

/** Media that a request names or carries. */
export type Media = { readonly bytes: Uint8Array; readonly kind: MediaKind }

/** Media of a form, with the other fields of it. */
export type UploadedMedia = Media & { readonly fields: ReadonlyMap<string, string> }

/** Returns a parameter of the query; undefined where there is none. @throws HmaError 400 where it comes twice. */
export function queryText({ query }: Request, name: string): string | undefined {
  const value = query[name]
  if (value === undefined || typeof value === 'string') return value
  throw badRequest(`Expected ${name} once but received it more often`)
}

/** Returns a signal that aborts when the caller leaves before the answer is out. */
export function callerSignal(response: Response): AbortSignal {
  const controller = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new HmaError(499, 'The caller left'))
  })
  return controller.signal
}

/** Downloads media. @throws AppError as `download` of the services does; HmaError 400 where its type is not known. */
export async function fetchMedia(
  { media }: Pick<HmaServices, 'media'>,
  request: Request,
  url: string,
  signal: AbortSignal,
): Promise<Media> {
  const asked = queryText(request, 'content_type')
  const kind = asked === undefined ? undefined : parseContentType(asked)
  const { bytes, mimeType } = await media.download(url, signal)
  return { bytes, kind: kind ?? kindOfMimeType(mimeType) }
}

/** Reads the one file of a form. @throws HmaError 400; AppError `too-large`. */
export async function readMedia(
  { media }: Pick<HmaServices, 'media'>,
  request: Request,
): Promise<UploadedMedia> {
  if (!isUpload(request)) throw badRequest('Missing multipart/form-data file upload')
  const { files, fields } = await readUpload(request, media.maxBytes)
  const [file] = files
  if (!file) throw badRequest('Missing multipart/form-data file upload')
  return { bytes: file.bytes, kind: parseContentType(file.field), fields }
}

/** A server that says nothing is taken to have a photo: hashing tells whether it has. */
export function kindOfMimeType(mimeType: string | undefined): MediaKind {
  if (mimeType === undefined || mimeType.startsWith('image')) return 'photo'
  if (mimeType.startsWith('video')) return 'video'
  throw badRequest(
    `unsupported url ContentType: '${shown(mimeType)}', if you know the expected type, provide it with the content_type query param`,
  )
}
