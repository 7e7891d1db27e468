/*
 * Looking a hash up, in the words of Hasher-Matcher-Actioner: `GET /m/lookup` and `GET /m/raw_lookup`, for those who ask a
 * matcher already. Differences, all of them towards more: SHA-1 and SHA-256 are known too, upper case is accepted, a
 * match is what the bank's own threshold says, and more can be told of each.
 */
import type { Request, RequestHandler, Response } from 'express'
import { shareOf } from '../../lib/share.ts'
import type { Match } from '../../model/match.ts'
import { badRequest, shown } from './hma-error.ts'
import type { LookupOptions } from './hma-services.ts'
import { isAsked, type LookupServices, tellMore } from './lookup-more.ts'
import { asFlag, asText, optional, readParameters, required } from './parameters.ts'
import { findSignalType, parseSignal, type SignalType } from './signal-types.ts'

/** Bytes of a list of banks. */
const maxBanksText = 8_000

/**
 * Returns the handler that answers with the matches by bank: `{"BANK": [{"bank_content_id": 1, "distance": "0"}]}`. A request
 * that names media by its URL is passed on.
 */
export function createLookup(services: LookupServices): RequestHandler {
  return (request, response, next) => {
    if (request.query['url'] !== undefined) {
      next()
      return
    }
    answerLookup(services, request).then((body) => sendJson(response, body), next)
  }
}

async function answerLookup(services: LookupServices, request: Request): Promise<object> {
  const { signal, signal_type: name } = request.query
  if (typeof signal !== 'string' || typeof name !== 'string' || signal === '')
    throw badRequest('Either url or both signal and signal_type are required')
  const type = parseType(services, name)
  const value = parseSignal(type, signal, 'invalid signal')
  const matches = await services.lookup({ type: type.type, value }, lookupOptionsOf(request))
  return byBank(matches, await tellMore(services, request, matches))
}

/** Returns the handler that answers with the contents alone: `{"matches": [1]}`, or with the distance of each when asked. */
export function createRawLookup(services: LookupServices): RequestHandler {
  return (request, response, next) => {
    answerRawLookup(services, request).then((body) => sendJson(response, body), next)
  }
}

/** Banks that are switched off are looked at too, and contents that are disabled, and what negative banks suppress. */
async function answerRawLookup(services: LookupServices, request: Request): Promise<object> {
  const {
    signal,
    signal_type: name,
    include_distance: hasDistance,
  } = readParameters(request.query, {
    signal: required(asText),
    signal_type: required(asText),
    include_distance: optional(asFlag),
  })
  const type = parseType(services, name)
  const value = parseSignal(type, signal, 'invalid signal')
  const options = { ...banksOf(request), coin: 0, hasDisabled: true, hasSuppressed: true }
  const matches = await services.lookup({ type: type.type, value }, options)
  const tell = await tellMore(services, request, matches)
  const isTold = hasDistance === true || isAsked(request)
  return { matches: matches.map((match) => (isTold ? tell(match) : match.contentId)) }
}

/** Returns the matches by the names of their banks, nearest first in each, as `tell` tells each. */
export function byBank<Told>(
  matches: readonly Match[],
  tell: (match: Match) => Told,
): Record<string, Told[]> {
  // A bank may have any name, also one that every object answers to.
  const banks = new Map<string, Told[]>()
  for (const match of matches) {
    const told = banks.get(match.bank)
    if (told) told.push(tell(match))
    else banks.set(match.bank, [tell(match)])
  }
  return Object.fromEntries(banks)
}

/**
 * Returns which banks are asked, and with which coin: that of a seed, the same every time, or one of chance; `bypass_coinflip`
 * takes in every bank.
 */
export function lookupOptionsOf(request: Request): LookupOptions {
  const { seed, bypass_coinflip: bypass } = request.query
  if (bypass !== undefined && isBypassed(request)) return { ...banksOf(request), coin: 0 }
  if (seed === undefined) return { ...banksOf(request), coin: 1 - Math.random() }
  if (typeof seed !== 'string') throw badRequest('Expected seed once but received it more often')
  return { ...banksOf(request), coin: shareOf(seed) }
}

/** Returns a signal type that is on. @throws HmaError 400 */
export function parseType(services: Pick<LookupServices, 'hma'>, name: string): SignalType {
  const type = findSignalType(name)
  if (!type) throw badRequest(`No such SignalType '${shown(name)}'`)
  if (services.hma.typeRatio(type.type) === 0) throw badRequest(`SignalType '${name}' is not enabled`)
  return type
}

/** As `response.json`, without the reading and writing of content types that takes a tenth of a lookup's time. */
function sendJson(response: Response, body: object): void {
  response.setHeader('content-type', 'application/json; charset=utf-8')
  response.end(JSON.stringify(body))
}

function isBypassed({ query }: Request): boolean {
  return readParameters(query, { bypass_coinflip: optional(asFlag) }).bypass_coinflip === true
}

function banksOf({ query }: Request): { readonly banks?: readonly string[] } {
  const { banks } = query
  if (banks === undefined || banks === '') return {}
  if (typeof banks !== 'string' || banks.length > maxBanksText)
    throw badRequest('Expected names of banks, separated by commas')
  return { banks: banks.split(',').map((name) => name.trim()) }
}
