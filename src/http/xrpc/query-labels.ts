import { lexStringify } from '@atproto/lex-json'
import type { HandlerPipeThrough, Params, Server as XrpcServer } from '@atproto/xrpc-server'
import { AppError } from '../../lib/errors.ts'
import type { SequencedLabel } from '../../model/label.ts'
import { parseCursor } from '../cursor.ts'
import type { LabelsWanted, Services } from '../services.ts'

/** The most patterns that one request may hold; each is a lookup of its own. */
export const maxUriPatterns = 100

/** Adds `com.atproto.label.queryLabels`. The lexicon has checked the types, the DIDs and the limit by then. */
export function addQueryLabels(xrpc: XrpcServer, services: Pick<Services, 'queryLabels'>): void {
  xrpc.method('com.atproto.label.queryLabels', {
    handler: async ({ params }) => formatPage(await services.queryLabels(parseWanted(params))),
  })
}

function parseWanted(params: Params): LabelsWanted {
  const { uriPatterns, sources, limit, cursor } = params as unknown as {
    readonly uriPatterns: readonly string[]
    readonly sources?: readonly string[]
    readonly limit: number
    readonly cursor?: string
  }
  if (uriPatterns.length === 0 || uriPatterns.length > maxUriPatterns) {
    throw new AppError(
      'invalid',
      `Expected 1 to ${maxUriPatterns} uriPatterns but received ${uriPatterns.length}`,
    )
  }
  for (const pattern of uriPatterns) {
    const star = pattern.indexOf('*')
    if (star !== -1 && star !== pattern.length - 1) {
      throw new AppError(
        'invalid',
        'Expected * only at the end of each of uriPatterns but received one elsewhere',
      )
    }
  }
  return { uriPatterns, sources: sources ?? [], limit, after: parseCursor(cursor) ?? 0 }
}

/**
 * The cursor is the last seq on the page. An empty page has none, which tells the caller to stop. The text is made here:
 * Express would spend a tenth of the whole request on how to send an object.
 */
function formatPage(labels: readonly SequencedLabel[]): HandlerPipeThrough {
  const last = labels.at(-1)
  const cursor = last === undefined ? {} : { cursor: String(last.seq) }
  const text = lexStringify({ ...cursor, labels: labels.map(formatLabel) })
  return { encoding: 'application/json', buffer: Buffer.from(text) }
}

function formatLabel({ ver, src, uri, cid, val, neg, cts, exp, sig }: SequencedLabel) {
  return {
    ver,
    src,
    uri,
    ...(cid === undefined ? {} : { cid }),
    val,
    ...(neg ? { neg } : {}),
    cts,
    ...(exp === undefined ? {} : { exp }),
    sig: new Uint8Array(sig),
  }
}
