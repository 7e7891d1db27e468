import type { WireLabel } from '../../atproto/verify-label.ts'
import { parseWireLabel } from '../../atproto/wire-label.ts'
import type { DoctorDeps } from './check.ts'
import { fetchAnswer, fieldOf } from './fetch-answer.ts'

/** One page of `com.atproto.label.queryLabels`, or why there is none. */
export type QueryAnswer =
  | { readonly kind: 'page'; readonly labels: readonly WireLabel[]; readonly cursor: string | undefined }
  /** Refused; enumerating with `*` may be, by the specification. */
  | { readonly kind: 'refused'; readonly status: number }
  /** No answer, or one that is not what the lexicon says. */
  | { readonly kind: 'broken'; readonly says: string }

/** What to ask for. */
export type Query = {
  readonly uriPatterns: readonly string[]
  readonly limit: number
  readonly cursor?: string
}

/** Asks for one page. */
export async function queryLabels(
  endpoint: URL,
  query: Query,
  deps: DoctorDeps,
  signal: AbortSignal,
): Promise<QueryAnswer> {
  const url = new URL('/xrpc/com.atproto.label.queryLabels', endpoint)
  for (const pattern of query.uriPatterns) url.searchParams.append('uriPatterns', pattern)
  url.searchParams.set('limit', String(query.limit))
  if (query.cursor !== undefined) url.searchParams.set('cursor', query.cursor)
  const answer = await fetchAnswer(url, deps, signal)
  if (answer.kind === 'unreachable') return { kind: 'broken', says: answer.says }
  if (answer.status >= 500) return { kind: 'broken', says: `queryLabels answers ${answer.status}` }
  if (answer.status !== 200) return { kind: 'refused', status: answer.status }
  const listed = fieldOf(answer.json, 'labels')
  const cursor = fieldOf(answer.json, 'cursor')
  const labels = Array.isArray(listed) ? listed.map(parseWireLabel) : [undefined]
  if (labels.includes(undefined) || !(cursor === undefined || typeof cursor === 'string'))
    return { kind: 'broken', says: 'queryLabels answers with something else than labels and a cursor' }
  return { kind: 'page', labels: labels as WireLabel[], cursor }
}
