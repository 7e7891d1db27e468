import type { AtUri, Cid, Did } from '../../src/model/ids.ts'
import type { ImageRef } from '../../src/model/image.ts'
import type { ScanJob } from '../../src/model/job.ts'
import type { Match } from '../../src/model/match.ts'
import type { History } from '../../src/pipeline.ts'
import type { Proof } from '../../src/store/match-store.ts'

/** A raw SHA-256 CID, valid, of no particular bytes. */
export const someCid = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku' as Cid
/** Another one. */
export const otherCid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy' as Cid
/** An account. */
export const someDid = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz' as Did
/** A post of that account. */
export const someUri = `at://${someDid}/app.bsky.feed.post/3l3qo2vutsw2b` as AtUri

/** An image of a post, with what differs. */
export function imageOf(parts: Partial<ImageRef> = {}): ImageRef {
  return {
    did: someDid,
    uri: someUri,
    recordCid: otherCid,
    cid: someCid,
    use: 'post',
    mimeType: 'image/jpeg',
    size: 1000,
    ...parts,
  }
}

/** A job in its first attempt, with what differs. */
export function jobOf(parts: Partial<ScanJob> = {}): ScanJob {
  return {
    id: 1,
    image: imageOf(),
    attempts: 1,
    seenAt: '2026-01-01T00:00:00.000Z',
    isRescan: false,
    ...parts,
  }
}

/** What matches of no particular image are explained by. */
export const someProof: Proof = { hashes: [], policy: 'none', banks: '0-0' }

/** A decision that looks back on nothing. */
export const noHistory: History = {
  history: [],
  acted: [],
  takenDown: [],
  recordBlobs: [],
  quarantined: new Set(),
}

/** A PDQ match of bank `known`, with what differs. */
export function matchOf(
  parts: Partial<Pick<Match, 'bankId' | 'bank' | 'contentId' | 'distance'>> = {},
): Match {
  const look = { hashType: 'pdq', profile: 'reference-512', variant: 'original' } as const
  return { bankId: 1, bank: 'known', contentId: 7, distance: 10, ...look, ...parts }
}
