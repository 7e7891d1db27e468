import type { Request } from 'express'
import { AppError } from '../../lib/errors.ts'
import { parseAtUri, parseDid } from '../../model/ids.ts'
import type { BlobPlace, ReceivedBlob } from '../../model/received-blob.ts'

/** Returns the record that the parameters `did` and `uri` name, or undefined without a `uri`. @throws when they are wrong. */
export function parsePlace({ query }: Request): BlobPlace | undefined {
  const did = parseDid(query['did'])
  if (query['did'] !== undefined && !did) throw new AppError('invalid', 'Expected a DID for did')
  if (query['uri'] === undefined) return undefined
  const uri = parseAtUri(query['uri'])
  const owner = parseDid(uri?.split('/')[2])
  if (!uri || !owner) throw new AppError('invalid', 'Expected at://<did>/<collection>/<rkey> for uri')
  if (did && did !== owner) throw new AppError('invalid', 'Expected a uri of the account did')
  return { did: owner, uri }
}

/** Returns what the body is by its header, which nothing but the answer depends on. */
export function typeOf(request: Request): string {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';')
  const name = type.trim().toLowerCase()
  return /^[\w!#$&^.+-]{1,60}\/[\w!#$&^.+-]{1,60}$/.test(name) ? name : 'application/octet-stream'
}

/** Returns the blob as records refer to it. */
export function formatBlob({ cid }: ReceivedBlob, mimeType: string, size: number): object {
  return { $type: 'blob', ref: { $link: cid }, mimeType, size }
}
