import type { ContentStatus } from '../model/api.ts'
import type { DigestHash, ImageHash } from '../model/hash.ts'
import {
  type Cid,
  type Did,
  parseAtUri,
  parseBlobCid,
  parseDid,
  type SubjectUri,
  sha256OfBlobCid,
} from '../model/ids.ts'
import type { Match } from '../model/match.ts'
import type { Database } from '../store/database.ts'

/** What asking about content needs. */
export type ContentStatusDeps = {
  readonly database: Pick<Database, 'announcedImages' | 'apiActions' | 'images' | 'labels' | 'matches'>
  /** The labeler. */
  readonly src: Did
  readonly match: (hashes: readonly ImageHash[]) => Promise<readonly Match[]>
  readonly now: () => Date
}

const unknown: ContentStatus = { isKnown: false, isMatched: false, action: undefined, labels: [] }

/**
 * Returns what is known of content, by a blob's CID, `did/cid`, a record's URI, a DID, or an id of the caller's own that an
 * action was taken on. Nothing is fetched.
 */
export async function loadContentStatus(deps: ContentStatusDeps, id: string): Promise<ContentStatus> {
  const taken = await deps.database.apiActions.latest(id)
  const announced = await deps.database.announcedImages.ofContent(id)
  const status = await statusOf(deps, id, announced)
  const action = status.action ?? taken
  if (taken === undefined) return status
  // What can be labeled is judged by its labels: those can be withdrawn.
  const isTold = taken !== 'log' && !isSubject(id)
  return { ...status, isKnown: true, isMatched: status.isMatched || isTold, action }
}

function isSubject(id: string): boolean {
  return (parseAtUri(id) ?? parseDid(id)) !== undefined
}

/** What became of the images that were announced of a content, and of those of its records. */
type Found = { readonly isSeen: boolean; readonly isMatched: boolean }

async function statusOf(deps: ContentStatusDeps, id: string, announced: Found): Promise<ContentStatus> {
  const cid = parseBlobCid(id) ?? parseBlobCid(/^(did:[^/]+)\/([^/]+)$/.exec(id)?.[2])
  if (cid) return await statusOfBlob(deps, cid)
  const uri = parseAtUri(id)
  if (uri) return await statusOfRecord(deps, uri, announced)
  const did = parseDid(id)
  if (did) return await statusOfSubject(deps, [did], announced)
  return { ...unknown, isKnown: announced.isSeen, isMatched: announced.isMatched }
}

/** By the hashes that were made of it, or else by the digest that is its name; in the banks as they are now. */
async function statusOfBlob({ database, match }: ContentStatusDeps, cid: Cid): Promise<ContentStatus> {
  const scan = await database.images.load(cid)
  const digest: DigestHash = { type: 'sha256', value: sha256OfBlobCid(cid), quality: 100 }
  const matches = await match(scan?.kind === 'hashed' ? scan.hashes : [digest])
  return {
    isKnown: scan !== undefined || matches.length > 0,
    isMatched: matches.length > 0,
    action: undefined,
    labels: [],
  }
}

/** A label on the account is one on its records. */
async function statusOfRecord(
  deps: ContentStatusDeps,
  uri: SubjectUri,
  announced: Found,
): Promise<ContentStatus> {
  const did = parseDid(uri.split('/')[2])
  const { isSeen, isMatched } = await deps.database.matches.ofRecord(uri)
  const found = { isSeen: isSeen || announced.isSeen, isMatched: isMatched || announced.isMatched }
  return await statusOfSubject(deps, did ? [uri, did] : [uri], found)
}

/** A label that was withdrawn says that a person has judged the match to be none. */
async function statusOfSubject(
  { database, src, now }: ContentStatusDeps,
  uris: readonly SubjectUri[],
  { isSeen, isMatched }: Found,
): Promise<ContentStatus> {
  const states = await database.labels.states(src, uris)
  const nowText = now().toISOString()
  const holding = states.filter(({ isNegated, exp }) => !isNegated && (exp === undefined || exp > nowText))
  const labels = [...new Set(holding.map(({ val }) => val))]
  const isWithdrawn = states.some(({ isNegated, uri }) => isNegated && uri === uris[0])
  return {
    isKnown: isSeen || states.length > 0,
    isMatched: labels.length > 0 || (isMatched && !isWithdrawn),
    action: labels.includes('!takedown') ? 'takedown' : labels.length > 0 ? 'label' : undefined,
    labels,
  }
}
