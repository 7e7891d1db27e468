import { isIP } from 'node:net'
import { AppError } from '../lib/errors.ts'

/**
 * Returns the endpoint that a DID document can name, without a trailing slash: https, a host name and perhaps a port, or
 * plain http on `localhost`. Hosts of accounts refuse to reach a labeler anywhere else.
 * @throws {AppError} `invalid`
 */
export function parseEndpoint(text: string): string {
  const url = URL.parse(text)
  const expected = 'Expected an address such as https://labels.example.com for the labeler'
  if (!url) throw new AppError('invalid', `${expected} but received ${JSON.stringify(text.slice(0, 200))}`)
  const { protocol, hostname, pathname, search, hash, username, password } = url
  const isLocal = protocol === 'http:' && hostname === 'localhost'
  if (protocol !== 'https:' && !isLocal)
    throw new AppError('invalid', `${expected} but received one over ${protocol.slice(0, -1)}`)
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0)
    throw new AppError(
      'invalid',
      `${expected} but received an IP address, which hosts of accounts do not ask`,
    )
  if (pathname !== '/' || search || hash || username || password)
    throw new AppError('invalid', `${expected} but received more than scheme, host and port`)
  return url.origin
}
