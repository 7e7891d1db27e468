import { pipeline } from 'node:stream/promises'
import type { BusboyFileStream } from '@fastify/busboy'
import type { Request } from 'express'
import { AppError } from '../../lib/errors.ts'
import { openForm } from '../open-form.ts'
import { badRequest } from './hma-error.ts'

/** A form as it was sent: its files and its other fields. */
export type Upload = {
  readonly files: readonly { readonly field: string; readonly bytes: Uint8Array }[]
  readonly fields: ReadonlyMap<string, string>
}

/** Bounds beside that of a file. One part more than these is an error, and so is a longer one. */
const limits = {
  files: 2,
  fields: 20,
  parts: 22,
  fieldSize: 64 * 1024,
  fieldNameSize: 100,
  headerPairs: 50,
  headerSize: 8 * 1024,
}

/** How long a form may take, which the listener bounds too while it comes: with some the parser never ends. */
const maxFormMs = 30_000

/** True for a request that carries a form. */
export function isUpload(request: Request): boolean {
  return /^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '')
}

/**
 * Reads a form of at most two files, of which no more than `maxBytes` each are kept. What is beyond a bound is read and
 * thrown away, so that the caller hears of it.
 * @throws HmaError 400 when it is no form, or has too many parts; AppError `too-large`.
 */
export async function readUpload(request: Request, maxBytes: number): Promise<Upload> {
  const files: { field: string; bytes: Uint8Array }[] = []
  const fields = new Map<string, string>()
  let isTooLarge = false
  let hasTooMany = false
  const form = openForm(request, { limits: { ...limits, fileSize: maxBytes }, isPartAFile }, noForm)
  form.on('file', (field: string, stream: BusboyFileStream) => {
    const pieces: Buffer[] = []
    stream.on('data', (piece: Buffer) => void pieces.push(piece))
    stream.on('limit', () => {
      isTooLarge = true
      pieces.length = 0
    })
    stream.on('end', () => void files.push({ field, bytes: Buffer.concat(pieces) }))
    // Of a form that is cut off; the form itself says so too.
    stream.on('error', () => {})
  })
  form.on('field', (name: string, value: string, _isNameCut: boolean, isCut: boolean) => {
    if (isCut) isTooLarge = true
    fields.set(name, value)
  })
  for (const event of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const) {
    form.on(event, () => {
      hasTooMany = true
    })
  }
  try {
    await pipeline(request, form, { signal: AbortSignal.timeout(maxFormMs) })
  } catch (cause) {
    throw new AppError('invalid', 'Expected a whole multipart/form-data body but received another', { cause })
  }
  if (isTooLarge) throw new AppError('too-large', 'Content too large')
  if (files.length > 1) throw badRequest('Only one file allowed per request')
  if (hasTooMany) throw badRequest('Expected fewer parts in the multipart/form-data body')
  return { files, fields }
}

/** Some clients name no file; whatever is not plain text of a field that we know is one. */
function isPartAFile(field: string | undefined, contentType: string | undefined, fileName?: string): boolean {
  return (
    fileName !== undefined ||
    contentType === 'application/octet-stream' ||
    field === 'photo' ||
    field === 'video'
  )
}

function noForm(cause?: unknown): AppError {
  return new AppError('invalid', 'Expected a multipart/form-data body with a boundary', { cause })
}
