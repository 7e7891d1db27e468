/*
 * What `?include=hash,metadata,provenance` tells of each content that a lookup found, beyond what Hasher-Matcher-Actioner
 * does.
 */
import type { Request } from 'express'
import type { CuratedContent } from '../../model/curation.ts'
import type { Match } from '../../model/match.ts'
import type { Services } from '../services.ts'
import { metadataOf } from './content-shape.ts'
import { badRequest, shown } from './hma-error.ts'

const parts = ['hash', 'metadata', 'provenance'] as const
type Part = (typeof parts)[number]

/** What a lookup is answered from. */
export type LookupServices = Pick<Services, 'lookup' | 'hma'>

/** One content that was found, as it is told. `distance` is in bits, as text, and `-` for a digest. */
type FoundContent = { readonly bank_content_id: number; readonly distance: string }

/** Contents of one answer of which more is told; the nearest ones. */
const maxTold = 1_000

/** True when more is asked for. */
export function isAsked({ query }: Request): boolean {
  return query['include'] !== undefined && query['include'] !== ''
}

/** Returns how each match is told: with what the request asks to include. @throws HmaError 400 for what cannot be. */
export async function tellMore(
  { hma }: Pick<LookupServices, 'hma'>,
  request: Request,
  matches: readonly Match[],
): Promise<(match: Match) => FoundContent> {
  if (!isAsked(request)) return foundContent
  const asked = parseParts(request.query['include'])
  const ids = matches.slice(0, maxTold).map(({ contentId }) => contentId)
  const contents = new Map((await hma.curator.findContents(ids)).map((content) => [content.id, content]))
  return (match) => {
    const content = contents.get(match.contentId)
    return content ? { ...foundContent(match), ...moreOf(content, match, asked) } : foundContent(match)
  }
}

function foundContent({ contentId, distance, hashType }: Match): FoundContent {
  return { bank_content_id: contentId, distance: hashType === 'pdq' ? String(distance) : '-' }
}

function moreOf(content: CuratedContent, match: Match, asked: ReadonlySet<Part>): object {
  const hash = content.hashes.find(({ type }) => type === match.hashType)
  const metadata = metadataOf(content, match.bank)
  const { note, label, mediaUri, createdAt } = content
  return {
    ...(asked.has('hash') && hash && { hash: hash.value }),
    ...(asked.has('metadata') && metadata && { metadata }),
    ...(asked.has('metadata') && note && { note }),
    ...(asked.has('provenance') && {
      provenance: {
        bank: match.bank,
        added_at: createdAt,
        ...(label && { label }),
        ...(mediaUri !== undefined && { original_media_uri: mediaUri }),
      },
    }),
  }
}

function parseParts(list: unknown): ReadonlySet<Part> {
  const names = typeof list === 'string' ? list.split(',').map((name) => name.trim()) : ['']
  return new Set(
    names.map((name) => {
      const part = parts.find((known) => known === name)
      if (part) return part
      throw badRequest(`Expected include to be of ${parts.join(', ')} but received '${shown(name)}'`)
    }),
  )
}
