import { type HandlerPipeThrough, InvalidRequestError, type Server as XrpcServer } from '@atproto/xrpc-server'
import { harrier } from '../../../lexicons/tools.js'
import { parseHashValue } from '../../../model/hash.ts'
import { parseAtUri, parseBlobCid, parseDid } from '../../../model/ids.ts'
import type { CallerAuth } from './callers.ts'
import type { HarrierMethodsDeps, HarrierMethodsOptions } from './harrier-services.ts'
import { datetimeOf, matchShape, parseSearch } from './shapes.ts'

const { hash, getStatus, getStatuses } = harrier.match

/** The most that one request may ask about. */
const maxSubjects = 100

/** What a status is asked of, as the answer repeats it. */
type Subject = Pick<harrier.defs.ContentStatus, 'uri' | 'cid'>

/** Adds `tools.harrier.match.hash`, `getStatus` and `getStatuses`. */
export function addMatchMethods(
  xrpc: XrpcServer,
  { services }: HarrierMethodsDeps,
  options: HarrierMethodsOptions,
  auth: CallerAuth,
): void {
  xrpc.add(hash, {
    auth: auth(hash, 'match'),
    async handler({ input: { body }, auth: { credentials } }) {
      const { type = 'pdq' } = body
      const value = parseHashValue(type, body.value)
      if (value === undefined)
        throw new InvalidRequestError(`Expected the hex digits of a ${type} hash for value`, 'InvalidHash')
      const search = await parseSearch(body, services.harrier.curatorOf(credentials.actor), options)
      // Digests match when they are equal, whatever was asked.
      const found = await services.rest.matchHash(
        { type, value },
        type === 'pdq' ? search : { ...search, radius: 0 },
      )
      return { encoding: 'application/json', body: { matches: found.map(matchShape) } }
    },
  })

  xrpc.add(getStatus, {
    auth: auth(getStatus, 'match'),
    async handler({ params: { uri, cid } }) {
      if ((uri === undefined) === (cid === undefined))
        throw new InvalidRequestError('Expected either uri or cid', 'InvalidSubject')
      return jsonText(await statusOf(parseSubject({ uri, cid })))
    },
  })

  xrpc.add(getStatuses, {
    auth: auth(getStatuses, 'match'),
    async handler({ params: { uris = [], cids = [] } }) {
      const asked = [...uris.map((uri) => ({ uri })), ...cids.map((cid) => ({ cid }))]
      if (asked.length === 0 || asked.length > maxSubjects) {
        throw new InvalidRequestError(
          `Expected 1 to ${maxSubjects} uris and cids but received ${asked.length}`,
          'NoSubjects',
        )
      }
      const statuses: harrier.defs.ContentStatus[] = []
      for (const subject of asked.map(parseSubject)) statuses.push(await statusOf(subject))
      return jsonText({ statuses })
    },
  })

  async function statusOf(subject: Subject): Promise<harrier.defs.ContentStatus> {
    const known = await services.rest.contentStatus(subject.uri ?? subject.cid ?? '')
    const { isKnown, isMatched, action, labels } = known
    return {
      ...subject,
      isKnown,
      isMatched,
      ...(action !== undefined && { action }),
      labels: [...labels],
      checkedAt: datetimeOf(services.now()),
    }
  }
}

/** Returns an answer as its text: Express would spend a tenth of the whole request on how to send an object. */
function jsonText(
  body: harrier.match.getStatus.$OutputBody | harrier.match.getStatuses.$OutputBody,
): HandlerPipeThrough {
  return { encoding: 'application/json', buffer: Buffer.from(JSON.stringify(body)) }
}

type AskedSubject = { readonly uri?: Subject['uri'] | undefined; readonly cid?: string | undefined }

/** Returns what is asked about. @throws {InvalidRequestError} `InvalidSubject` or `InvalidCid`. */
function parseSubject({ uri, cid }: AskedSubject): Subject {
  if (cid !== undefined) {
    if (parseBlobCid(cid)) return { cid }
    throw new InvalidRequestError('Expected the CID of a blob: CIDv1, raw, SHA-256', 'InvalidCid')
  }
  if (uri !== undefined && (parseAtUri(uri) ?? parseDid(uri)) !== undefined) return { uri }
  throw new InvalidRequestError(
    'Expected at://<did>/<collection>/<rkey>, or a DID, for uri',
    'InvalidSubject',
  )
}
