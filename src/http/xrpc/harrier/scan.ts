import { InvalidRequestError, type Server as XrpcServer } from '@atproto/xrpc-server'
import { harrier } from '../../../lexicons/tools.js'
import { createDeadline } from '../../../lib/deadline.ts'
import { AppError } from '../../../lib/errors.ts'
import type { ScannedForCaller } from '../../../model/caller-scan.ts'
import type { ImageHash } from '../../../model/hash.ts'
import { parseBlobCid, parseDid } from '../../../model/ids.ts'
import { type UnavailableReason, unavailableReasons } from '../../../model/scan.ts'
import { readBytes } from '../../read-bytes.ts'
import { bodyRefusals, checkBodyHeaders } from '../../rest/read-body.ts'
import type { CallerAuth } from './callers.ts'
import type { HarrierMethodsDeps, HarrierMethodsOptions } from './harrier-services.ts'
import { matchShape, parseSearch } from './shapes.ts'

const { image, blob } = harrier.scan

/** What a caller is told of a blob that its host does not give. */
const unavailableErrors: Readonly<Record<UnavailableReason, string>> = {
  'no-account': 'AccountNotFound',
  'not-found': 'BlobNotFound',
  'account-inactive': 'AccountInactive',
  'too-large': 'BlobTooLarge',
  'cid-mismatch': 'CidMismatch',
  'refused-address': 'HostRefused',
  'too-many-redirects': 'HostRefused',
  'bad-response': 'HostFailed',
}

/** Adds `tools.harrier.scan.image` and `tools.harrier.scan.blob`. */
export function addScanMethods(
  xrpc: XrpcServer,
  { services, takePlace }: HarrierMethodsDeps,
  options: HarrierMethodsOptions,
  auth: CallerAuth,
): void {
  const searchOf = (fields: Parameters<typeof parseSearch>[0], actor: string) =>
    parseSearch(fields, services.harrier.curatorOf(actor), options)

  xrpc.add(image, {
    auth: auth(image, 'hash', 'match'),
    // Past its limit the library cuts the connection, which leaves the caller without an answer: the limit is ours.
    opts: { blobLimit: Number.MAX_SAFE_INTEGER },
    async handler({ params, input, req, auth: { credentials } }) {
      // Whatever is refused here stands in the way of the next request until it is let go.
      using _rest = { [Symbol.dispose]: () => void input.body.resume() }
      checkBodyHeaders(req, options.maxImageBytes)
      const search = await searchOf(params, credentials.actor)
      using _place = takePlace()
      const limits = { maxBytes: options.maxImageBytes, timeoutMs: options.bodyTimeoutMs }
      const bytes = await readBytes(input.body, limits, bodyRefusals)
      const scan = await inTime(options, (signal) => services.harrier.scanSent(bytes, search, signal))
      return { encoding: 'application/json', body: scanShape(scan) }
    },
  })

  xrpc.add(blob, {
    auth: auth(blob, 'hash', 'match'),
    async handler({ input: { body }, auth: { credentials } }) {
      const [did, cid] = [parseDid(body.did), parseBlobCid(body.cid)]
      if (!did || !cid)
        throw new InvalidRequestError('Expected the CID of a blob for cid: CIDv1, raw, SHA-256', 'InvalidCid')
      const search = await searchOf(body, credentials.actor)
      using _place = takePlace()
      const scan = await inTime(options, (signal) => services.harrier.scanBlob({ did, cid }, search, signal))
      if (scan.kind === 'unavailable')
        throw new InvalidRequestError(unavailableReasons[scan.reason], unavailableErrors[scan.reason])
      return { encoding: 'application/json', body: scanShape(scan) }
    },
  })
}

async function inTime<T>(
  { answerTimeoutMs }: HarrierMethodsOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const signal = createDeadline(answerTimeoutMs)
  try {
    return await work(signal)
  } catch (cause) {
    if (signal.aborted && cause === signal.reason)
      throw new AppError('timeout', 'The answer took too long to make', { cause })
    throw cause
  }
}

function scanShape(scan: ScannedForCaller): harrier.defs.ScanResult {
  const { cid, isKnown, facts, reason, matches } = scan
  const failed = reason === undefined ? 'clear' : 'unscannable'
  return {
    cid,
    outcome: matches.length > 0 ? 'matched' : failed,
    ...(reason !== undefined && { reason }),
    isKnown,
    ...(facts && { image: facts }),
    hashes: scan.hashes.filter(isShown).map(hashShape),
    matches: matches.map(matchShape),
  }
}

/** Of the looks at an image, callers get the one at its stored pixels. */
function isShown(hash: ImageHash): boolean {
  return hash.type !== 'pdq' || hash.variant === 'original'
}

function hashShape(hash: ImageHash): harrier.defs.ImageHash {
  const { type, value } = hash
  return { type, value, ...(hash.type === 'pdq' && { quality: hash.quality, profile: hash.profile }) }
}
