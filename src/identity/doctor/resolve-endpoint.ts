import { parseWireLabel } from '../../atproto/wire-label.ts'
import { type Did, parseDid } from '../../model/ids.ts'
import type { DoctorDeps, Outcome } from './check.ts'
import { fetchAnswer, fieldOf } from './fetch-answer.ts'

/**
 * Finds out whose labels an address serves. An address does not have to say; these are the places where labelers do: the
 * document of a `did:web`, the metadata of an Ozone, and the source of a label.
 */
export async function resolveEndpoint(url: URL, deps: DoctorDeps, signal: AbortSignal): Promise<Outcome> {
  for (const [path, didOf] of places) {
    const answer = await fetchAnswer(new URL(path, url), deps, signal)
    if (answer.kind === 'unreachable') return { status: 'fail', says: answer.says, fix: answer.fix }
    const did = didOf(answer.json)
    if (did)
      return {
        status: 'ok',
        says: `${url.origin} is ${did}`,
        learned: { did, named: { origin: url.origin } },
      }
  }
  return {
    status: 'fail',
    says: `${url.origin} answers, but not as a labeler that says who it is`,
    fix: 'Name the labeler by its DID or its handle instead',
  }
}

const places: readonly [path: string, didOf: (json: unknown) => Did | undefined][] = [
  ['/.well-known/did.json', (json) => parseDid(fieldOf(json, 'id'))],
  ['/.well-known/ozone-metadata.json', (json) => parseDid(fieldOf(json, 'did'))],
  ['/xrpc/com.atproto.label.queryLabels?uriPatterns=*&limit=1', sourceOfFirstLabel],
]

function sourceOfFirstLabel(json: unknown): Did | undefined {
  const labels = fieldOf(json, 'labels')
  return parseDid(parseWireLabel(Array.isArray(labels) ? labels[0] : undefined)?.src)
}
