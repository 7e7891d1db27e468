import type { ResolvedDocument } from '../../atproto/fetch-did-document.ts'
import { type Check, counted, type DoctorDeps, type Outcome } from './check.ts'
import { type Answer, fetchAnswer, fieldOf } from './fetch-answer.ts'
import { parseLabelerRecord } from './labeler-record.ts'

const collection = 'app.bsky.labeler.service'
const toPublish = `Publish the record ${collection} with rkey self in the labeler's account; it declares the label values (docs/OPERATING.md)`

/** The account declares itself a labeler, at the one key where that counts. */
export const recordCheck: Check<'did' | 'document'> = {
  name: 'record',
  needs: ['did', 'document'],
  gives: ['record'],
  async run({ did, document }, deps, signal) {
    const host = hostOf(document)
    if (host === undefined) {
      return {
        status: 'warn',
        says: 'the DID document names no host (#atproto_pds), so there is no record: Bluesky does not find the labeler, other AppViews can be told of it',
        fix: 'Use an account on a PDS for a labeler that Bluesky should know',
      }
    }
    const answer = await fetchAnswer(recordUrl(host, did), deps, signal)
    if (answer.kind === 'unreachable') return { status: 'fail', says: answer.says, fix: answer.fix }
    if (answer.status !== 200) return refusalOf(answer, host, did, deps, signal)
    const record = parseLabelerRecord(fieldOf(answer.json, 'value'))
    if (record === undefined) {
      return {
        status: 'fail',
        says: `the record ${collection}/self has no policies with labelValues: AppViews cannot index it`,
        fix: toPublish,
      }
    }
    const says = `${collection}/self declares ${counted(record.labelValues.length, 'value')}`
    return { status: 'ok', says, learned: { record } }
  },
}

function hostOf({ id, service = [] }: ResolvedDocument): URL | undefined {
  const entry = service.find((candidate) => ['#atproto_pds', `${id}#atproto_pds`].includes(candidate.id))
  const url = typeof entry?.serviceEndpoint === 'string' ? URL.parse(entry.serviceEndpoint) : null
  return url ?? undefined
}

function recordUrl(host: URL, did: string): URL {
  const url = new URL('/xrpc/com.atproto.repo.getRecord', host)
  for (const [name, value] of Object.entries({ repo: did, collection, rkey: 'self' }))
    url.searchParams.set(name, value)
  return url
}

async function refusalOf(
  answer: Extract<Answer, { kind: 'answered' }>,
  host: URL,
  did: string,
  deps: DoctorDeps,
  signal: AbortSignal,
): Promise<Outcome> {
  const error = fieldOf(answer.json, 'error')
  const name = typeof error === 'string' ? error : String(answer.status)
  if (/^(?:RepoDeactivated|RepoSuspended|RepoTakendown|AccountDeactivated|AccountTakedown)$/.test(name)) {
    return {
      status: 'fail',
      says: `the account is not active on ${host.origin} (${name}): AppViews drop it and its labels`,
      fix: 'Activate the account again, or ask its host why it was taken down',
    }
  }
  if (answer.status >= 500 || answer.status === 429)
    return { status: 'unknown', says: `${host.origin} answered ${answer.status}; try again later` }
  const others = await otherKeys(host, did, deps, signal)
  const says = `the account has no record ${collection}/self (${host.origin} says ${name}): AppViews do not take it for a labeler`
  if (others.length === 0) return { status: 'fail', says, fix: toPublish }
  return { status: 'fail', says: `${says}; it has ${others.join(', ')} instead`, fix: toPublish }
}

/** Records of the collection under other keys, which nobody reads: three at most. */
async function otherKeys(host: URL, did: string, deps: DoctorDeps, signal: AbortSignal): Promise<string[]> {
  const url = new URL('/xrpc/com.atproto.repo.listRecords', host)
  for (const [name, value] of Object.entries({ repo: did, collection, limit: '3' }))
    url.searchParams.set(name, value)
  const answer = await fetchAnswer(url, deps, signal)
  const records = answer.kind === 'answered' ? fieldOf(answer.json, 'records') : undefined
  if (!Array.isArray(records)) return []
  const uris = records.slice(0, 3).map((entry) => fieldOf(entry, 'uri'))
  return uris.filter((uri) => typeof uri === 'string').map((uri) => uri.slice(0, 200))
}
