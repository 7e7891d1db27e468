import { InvalidRequestError, type Server as XrpcServer } from '@atproto/xrpc-server'
import { harrier } from '../../../lexicons/tools.js'
import { type Bank, type ContentHash, isTooLong, maxTextLengths } from '../../../model/bank.ts'
import { type CuratedContent, isContentEnabled, type WantedContent } from '../../../model/curation.ts'
import { parseHashValue } from '../../../model/hash.ts'
import { parseCursor } from '../../cursor.ts'
import { requireBank } from './banks.ts'
import type { CallerAuth } from './callers.ts'
import { parseContentChange } from './content-change.ts'
import type { HarrierMethodsDeps } from './harrier-services.ts'
import { type DatetimeString, datetimeOf, parseMetadata } from './shapes.ts'

const { listContents, getContent, addContent, updateContent, deleteContent } = harrier.bank

/** Adds the methods that list and change the contents of banks. */
export function addContentMethods(
  xrpc: XrpcServer,
  { services: { harrier: own, now } }: HarrierMethodsDeps,
  auth: CallerAuth,
): void {
  const shapeIn = (bank: Bank) => (content: CuratedContent) => contentShape(content, bank, now())

  xrpc.add(listContents, {
    auth: auth(listContents, 'admin'),
    async handler({ params, auth: { credentials } }) {
      const { limit, cursor, text, isEnabled } = params
      const curator = own.curatorOf(credentials.actor)
      const bank = await requireBank(curator, params.bank)
      const page = await curator.searchContents(bank.id, {
        afterId: parseCursor(cursor) ?? 0,
        limit: limit ?? 50,
        nowSeconds: now().getTime() / 1000,
        ...(text !== undefined && { text }),
        ...(isEnabled !== undefined && { isDisabled: !isEnabled }),
      })
      const next = page.nextAfterId === undefined ? {} : { cursor: String(page.nextAfterId) }
      const contents = page.contents.map(shapeIn(bank))
      return { encoding: 'application/json', body: { ...next, contents } }
    },
  })

  xrpc.add(getContent, {
    auth: auth(getContent, 'admin'),
    async handler({ params, auth: { credentials } }) {
      const curator = own.curatorOf(credentials.actor)
      const bank = await requireBank(curator, params.bank)
      const content = await curator.findContent(bank.id, params.id)
      if (!content) throw contentNotFound()
      return { encoding: 'application/json', body: shapeIn(bank)(content) }
    },
  })

  xrpc.add(addContent, {
    auth: auth(addContent, 'admin'),
    async handler({ input: { body }, auth: { credentials } }) {
      const wanted = parseWanted(body)
      const curator = own.curatorOf(credentials.actor)
      const bank = await requireBank(curator, body.bank)
      const { contentId, isNew } = await curator.addContent(bank, wanted)
      const content = await curator.findContent(bank.id, contentId)
      if (!content) throw contentNotFound()
      return { encoding: 'application/json', body: { content: shapeIn(bank)(content), isNew } }
    },
  })

  xrpc.add(updateContent, {
    auth: auth(updateContent, 'admin'),
    async handler({ input: { body }, auth: { credentials } }) {
      const change = parseContentChange(body, now())
      const curator = own.curatorOf(credentials.actor)
      const bank = await requireBank(curator, body.bank)
      const content = await curator.updateContent(bank, body.id, change)
      if (!content) throw contentNotFound()
      return { encoding: 'application/json', body: shapeIn(bank)(content) }
    },
  })

  xrpc.add(deleteContent, {
    auth: auth(deleteContent, 'admin'),
    async handler({ input: { body }, auth: { credentials } }) {
      const curator = own.curatorOf(credentials.actor)
      const bank = await requireBank(curator, body.bank)
      if (!(await curator.removeContent(bank, body.id))) throw contentNotFound()
      return { encoding: 'application/json', body: {} }
    },
  })
}

function contentNotFound(): InvalidRequestError {
  return new InvalidRequestError('Expected a content of the bank for id but it has none', 'ContentNotFound')
}

function parseWanted(body: harrier.bank.addContent.$InputBody): WantedContent {
  const { note, sourceId, contentUri, metadata } = body
  const types = body.hashes.map(({ type }) => type)
  if (new Set(types).size < types.length)
    throw new InvalidRequestError('Expected at most one hash of each type for hashes', 'InvalidContent')
  for (const [name, text] of [
    ['note', note],
    ['sourceId', sourceId],
  ] as const) {
    if (text === undefined || !isTooLong(name, text)) continue
    const message = `Expected at most ${maxTextLengths[name]} characters for ${name}`
    throw new InvalidRequestError(message, 'InvalidContent')
  }
  return {
    hashes: body.hashes.map(parseHash),
    ...(note !== undefined && { note }),
    ...(sourceId !== undefined && { sourceId }),
    ...(contentUri !== undefined && { contentUri }),
    ...(metadata !== undefined && { metadata: parseMetadata(metadata) }),
  }
}

function parseHash({ type, value, quality }: harrier.defs.ContentHash): ContentHash {
  const parsed = parseHashValue(type, value)
  if (parsed === undefined)
    throw new InvalidRequestError(`Expected the hex digits of a ${type} hash for value`, 'InvalidHash')
  return { type, value: parsed, quality: type === 'pdq' ? (quality ?? 100) : 100 }
}

function contentShape(content: CuratedContent, bank: Bank, now: Date): harrier.defs.Content {
  const { id, hashes, label, note, sourceId, mediaUri, contentUri, metadata, disableUntil } = content
  const isEnabled = isContentEnabled(disableUntil, now.getTime() / 1000)
  return {
    id,
    bank: bank.name,
    hashes: hashes.map(({ type, value, quality }) => ({
      type,
      value,
      ...(type === 'pdq' && { quality }),
    })),
    isEnabled,
    ...(!isEnabled && disableUntil !== 0 && { disabledUntil: datetimeOf(new Date(disableUntil * 1000)) }),
    ...(label !== '' && { label }),
    ...(note !== '' && { note }),
    ...(sourceId !== '' && { sourceId }),
    ...(mediaUri !== undefined && { mediaUri }),
    ...(contentUri !== undefined && { contentUri }),
    ...(metadata !== undefined && { metadata: JSON.stringify(metadata) }),
    createdAt: content.createdAt as DatetimeString,
  }
}
