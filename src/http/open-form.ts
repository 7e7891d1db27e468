import { Busboy, type BusboyConfig, type BusboyHeaders } from '@fastify/busboy'
import type { Request } from 'express'

/** A boundary as RFC 2046 has it, 1 to 70 characters; with an empty one the parser would never end. */
const boundary = /;\s*boundary=(?:"[^"]{1,70}"|[^\s";,]{1,70})\s*(?:;|$)/i

/** Returns the parser of the form that a request carries. @throws `refusal` when its headers tell of none. */
export function openForm(
  { headers }: Request,
  config: Omit<BusboyConfig, 'headers'>,
  refusal: (cause?: unknown) => Error,
): InstanceType<typeof Busboy> {
  if (!boundary.test(headers['content-type'] ?? '')) throw refusal()
  try {
    return new Busboy({ ...config, headers: headers as BusboyHeaders })
  } catch (cause) {
    throw refusal(cause)
  }
}
