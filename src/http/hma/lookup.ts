/*
 * Looking a hash up, in the words of Hasher-Matcher-Actioner: `GET /m/lookup` and `GET /m/raw_lookup`, for those who ask a
 * matcher already. Differences, all of them towards more: SHA-1 and SHA-256 are known too, upper case is accepted, and a
 * match is what the bank's own threshold says.
 */
import type { Request, RequestHandler, Response } from 'express'
import { AppError } from '../../lib/errors.ts'
import { type HashType, hashTypes, parseHashValue } from '../../model/hash.ts'
import type { Services } from '../services.ts'

/** The names of hash types there, where they are not ours. */
const namesThere: Readonly<Record<string, HashType>> = { video_md5: 'md5' }
/** What is taken for yes. */
const truths: readonly string[] = ['1', 'true', 'yes', 'on']
/** Bytes of a list of banks. */
const maxBanksText = 8_000

/** Returns the handler that answers with the matches by bank: `{"BANK": [{"bank_content_id": 1, "distance": "0"}]}`. */
export function createLookup(services: Pick<Services, 'lookup'>): RequestHandler {
  return (request, response, next) => {
    answer(services, request).then((matches) => {
      const byBank: Record<string, object[]> = {}
      for (const { bank, contentId, distance } of matches) {
        ;(byBank[bank] ??= []).push({ bank_content_id: contentId, distance })
      }
      sendJson(response, byBank)
    }, next)
  }
}

/** Returns the handler that answers with the contents alone: `{"matches": [1]}`, or with the distance of each when asked. */
export function createRawLookup(services: Pick<Services, 'lookup'>): RequestHandler {
  return (request, response, next) => {
    answer(services, request).then((matches) => {
      const asked = request.query['include_distance']
      const isTold = typeof asked === 'string' && truths.includes(asked.toLowerCase())
      sendJson(response, {
        matches: matches.map(({ contentId, distance }) =>
          isTold ? { bank_content_id: contentId, distance } : contentId,
        ),
      })
    }, next)
  }
}

/** As `response.json`, without the reading and writing of content types that takes a tenth of a lookup's time. */
function sendJson(response: Response, body: object): void {
  response.setHeader('content-type', 'application/json; charset=utf-8')
  response.end(JSON.stringify(body))
}

type Found = { readonly bank: string; readonly contentId: number; readonly distance: string }

/** Nearest first, then by content. `distance` is in bits, as text, and `-` for a digest. */
async function answer(services: Pick<Services, 'lookup'>, request: Request): Promise<readonly Found[]> {
  const { type, value } = parseSignal(request)
  const banks = parseBanks(request)
  const matches = await services.lookup({ type, value }, banks === undefined ? {} : { banks })
  return matches.map(({ bank, contentId, distance, hashType }) => {
    return { bank, contentId, distance: hashType === 'pdq' ? String(distance) : '-' }
  })
}

function parseSignal({ query }: Request): { readonly type: HashType; readonly value: string } {
  const { signal, signal_type: name } = query
  if (typeof signal !== 'string' || typeof name !== 'string' || signal === '') {
    throw new AppError('invalid', 'Expected both signal and signal_type but one of them is missing')
  }
  const type = namesThere[name] ?? hashTypes.find((known) => known === name)
  if (!type) throw new AppError('invalid', `No such SignalType '${name.slice(0, 40)}'`)
  const value = parseHashValue(type, signal.trim())
  if (value === undefined) {
    throw new AppError(
      'invalid',
      `invalid signal: Expected the hex digits of a ${type} hash but received others`,
    )
  }
  return { type, value }
}

function parseBanks({ query }: Request): readonly string[] | undefined {
  const { banks } = query
  if (banks === undefined || banks === '') return undefined
  if (typeof banks !== 'string' || banks.length > maxBanksText) {
    throw new AppError('invalid', 'Expected names of banks, separated by commas')
  }
  return banks.split(',').map((name) => name.trim())
}
