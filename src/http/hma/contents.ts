/*
 * Contents of a bank that are there: telling of one or of a page of them, switching one off or on, removing one. Listing goes
 * beyond Hasher-Matcher-Actioner.
 */
import type { Request, RequestHandler } from 'express'
import type { Bank } from '../../model/bank.ts'
import { type ContentChange, type CuratedContent, maxDisabledSeconds } from '../../model/curation.ts'
import type { Services } from '../services.ts'
import { requireBank } from './banks.ts'
import { bodyOf } from './body.ts'
import { parseNoteText } from './content-fields.ts'
import { bankShape, collabOf, contentShape, ownMetadataOf } from './content-shape.ts'
import { badRequest, HmaError, shown } from './hma-error.ts'
import { queryText } from './media.ts'
import { asFlag, asText, asWhole, optional, readParameters } from './parameters.ts'
import { findSignalType, parseSignal } from './signal-types.ts'

const maxPage = 1_000

type Deps = Pick<Services, 'hma' | 'now'>

/** Returns the handler that tells of one content. */
export function createGetContent({ hma }: Deps): RequestHandler {
  return (request, response, next) => {
    const get = async (): Promise<object> => {
      const asked = readParameters(request.query, {
        include_signals: optional(asFlag),
        include_metadata: optional(asFlag),
      })
      const { include_signals: hasSignals = false, include_metadata: hasMetadata = true } = asked
      const { bank, content } = await requireContent(hma.curator, request)
      return contentShape(content, bank, { hasSignals, hasMetadata })
    }
    get().then((told) => response.json(told), next)
  }
}

/** Returns the handler that switches a content off or on, or changes its note. */
export function createUpdateContent({ hma, now }: Deps): RequestHandler {
  return (request, response, next) => {
    const update = async (): Promise<object> => {
      const { bank, content } = await requireContent(hma.curator, request)
      const { disable_until_ts: until, note } = bodyOf(request)
      const change: ContentChange = {
        ...(until !== undefined && { disableUntil: parseDisableUntil(until, now()) }),
        ...(note !== undefined && { note: parseNoteText(note) }),
      }
      const updated = await hma.curator.updateContent(bank, content.id, change)
      if (!updated) throw contentNotFound(String(content.id))
      return {
        ...contentShape(updated, bank, { hasSignals: false, hasMetadata: true }),
        collab_metadata: collabOf(updated, bank.name),
        user_metadata: ownMetadataOf(updated) ?? null,
        note: updated.note === '' ? null : updated.note,
      }
    }
    update().then((told) => response.json(told), next)
  }
}

/** Returns the handler that removes a content of the bank: `{"deleted": 1}`, or 0 when the bank has none of that id. */
export function createDeleteContent({ hma }: Deps): RequestHandler {
  return (request, response, next) => {
    const remove = async (): Promise<number> => {
      const bank = await requireBank(hma.curator, request)
      return Number(await hma.curator.removeContent(bank, idOf(request)))
    }
    remove().then((deleted) => response.json({ deleted }), next)
  }
}

/**
 * Returns the handler that lists the contents of a bank, by id: those after `after`, up to `limit`, with `q` in their texts,
 * `disabled` or not, or the one that has a `signal`. `next` is what to ask after, null at the end.
 */
export function createListContents(deps: Deps): RequestHandler {
  return (request, response, next) => {
    listContents(deps, request).then((page) => response.json(page), next)
  }
}

async function listContents({ hma, now }: Deps, request: Request): Promise<object> {
  const bank = await requireBank(hma.curator, request)
  const shape = (content: CuratedContent) =>
    contentShape(content, bank, { hasSignals: true, hasMetadata: true })
  const signal = queryText(request, 'signal')
  if (signal !== undefined) {
    const content = await findHolding(hma.curator, bank, signal, queryText(request, 'signal_type'))
    return { bank: bankShape(bank), contents: content ? [shape(content)] : [], next: null }
  }
  const asked = readParameters(request.query, {
    q: optional(asText),
    disabled: optional(asFlag),
    after: optional(asWhole(0, Number.MAX_SAFE_INTEGER)),
    limit: optional(asWhole(1, maxPage)),
  })
  const page = await hma.curator.searchContents(bank.id, {
    afterId: asked.after ?? 0,
    limit: asked.limit ?? 100,
    nowSeconds: now().getTime() / 1000,
    ...(asked.q !== undefined && { text: asked.q }),
    ...(asked.disabled !== undefined && { isDisabled: asked.disabled }),
  })
  return { bank: bankShape(bank), contents: page.contents.map(shape), next: page.nextAfterId ?? null }
}

async function findHolding(
  curator: Deps['hma']['curator'],
  bank: Bank,
  signal: string,
  name: string | undefined,
): Promise<CuratedContent | undefined> {
  const type = findSignalType(name ?? '')
  if (!type) throw badRequest(`No such SignalType '${shown(name ?? '')}'`)
  const value = parseSignal(type, signal, 'invalid signal')
  const contentId = await curator.contentHolding(bank.id, { type: type.type, value })
  return contentId === undefined ? undefined : await curator.findContent(bank.id, contentId)
}

async function requireContent(
  curator: Deps['hma']['curator'],
  request: Request,
): Promise<{ readonly bank: Bank; readonly content: CuratedContent }> {
  const bank = await requireBank(curator, request)
  const content = await curator.findContent(bank.id, idOf(request))
  if (!content) throw contentNotFound(request.params['content'] ?? '')
  return { bank, content }
}

function contentNotFound(id: string): HmaError {
  return new HmaError(404, `content '${shown(id)}' not found`)
}

/** A number that no content has stands for one that is beyond all of theirs. */
function idOf({ params }: Request): number {
  const id = Number(params['content'])
  return Number.isSafeInteger(id) ? id : 0
}

function parseDisableUntil(value: unknown, now: Date): number {
  const isText = typeof value === 'string' && /^\s*[+-]?\d{1,15}\s*$/.test(value)
  const number = typeof value === 'number' || isText ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(number)) throw badRequest(`Invalid int: '${shown(value)}'`)
  if (number < 0) throw badRequest('disable_until_ts must be a non-negative integer')
  if (number > now.getTime() / 1000 + maxDisabledSeconds)
    throw badRequest('disable_until_ts must be less than 5 years in the future')
  return number
}
