import type { BusboyFileStream } from '@fastify/busboy'
import type { Request } from 'express'
import { openForm } from '../open-form.ts'
import type { BodyLimits } from '../read-bytes.ts'
import { RestError } from './problem.ts'
import { brokenOff, tooLarge, tooSlow } from './read-body.ts'

/** An image that a caller sent. */
export type SentImage = {
  readonly bytes: Buffer
  /** As the caller called it; empty when it did not. */
  readonly filename: string
  /** As the caller declared it; empty when it did not. */
  readonly contentType: string
}

/** A form: its one file and its other fields. */
export type Form = { readonly image: SentImage; readonly fields: Readonly<Record<string, string>> }

/** The names under which the file may come: the guide's, its later clients', and Hasher-Matcher-Actioner's. */
export const fileFields = ['file', 'image', 'photo', 'video'] as const

/** Bounds on what is beside the file. */
const limits = { fields: 20, files: 1, parts: 25, fieldNameSize: 100, fieldSize: 16_384, headerPairs: 50 }

/**
 * Reads `multipart/form-data` with one file. @throws {RestError} 400 when it is malformed or has no file or more than one,
 * 408 after too long, 413 when the file is too large.
 */
export async function readForm(request: Request, { maxBytes, timeoutMs }: BodyLimits): Promise<Form> {
  const parser = openForm(request, { limits: { ...limits, fileSize: maxBytes } }, noBoundary)
  const { promise, resolve, reject } = Promise.withResolvers<Form>()
  const timer = setTimeout(() => reject(tooSlow(timeoutMs)), timeoutMs)
  const fields: Record<string, string> = {}
  let image: SentImage | undefined
  parser.on('field', (name: string, value: string, isNameCut: boolean, isValueCut: boolean) => {
    if (isNameCut || isValueCut) reject(malformed(`Expected fields of at most ${limits.fieldSize} bytes`))
    else fields[name] = value
  })
  parser.on(
    'file',
    (name: string, stream: BusboyFileStream, filename: string, _: string, contentType: string) => {
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => void pieces.push(piece))
      stream.once('limit', () => reject(tooLarge(maxBytes)))
      // Of a form that has no end; a caller who leaves is heard of by the request.
      stream.once('error', () => reject(malformed('Expected well-formed multipart/form-data')))
      stream.once('end', () => {
        if (!fileFields.some((known) => known === name)) reject(noFile())
        else image = { bytes: Buffer.concat(pieces), filename: filename ?? '', contentType }
      })
    },
  )
  for (const event of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const)
    parser.once(event, () => reject(malformed('Expected one file and few fields')))
  parser.once('error', () => reject(malformed('Expected well-formed multipart/form-data')))
  parser.once('finish', () => (image ? resolve({ image, fields }) : reject(noFile())))
  // A body that came whole ends too; of that the parser tells.
  request.once('close', () => {
    if (!request.complete) reject(brokenOff())
  })
  request.pipe(parser)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    // What is left of the body is let go as it comes: the next request on this connection stands behind it.
    request.unpipe(parser).resume()
    parser.on('error', ignore)
  }
}

function noBoundary(): RestError {
  return malformed('Expected multipart/form-data with a boundary')
}

function malformed(message: string): RestError {
  return new RestError(400, 'InvalidForm', message)
}

function noFile(): RestError {
  return new RestError(400, 'MissingFile', `Expected a file in one of the fields ${fileFields.join(', ')}`)
}

/** The refusal has been told; what the parser makes of the rest is nobody's concern. */
function ignore(): void {}
