import { someHash, someone, someRecord } from './samples.ts'
import type { Target } from './target.ts'

/** An MD5 that a bank has. */
export const someMd5 = '9e107d9d372bb6826bd81d3542a419d6'

/** What there is to ask about; what the picture is, is known by its CID already. */
type World = {
  readonly picture: Buffer
  readonly cid: string
  readonly bank: string
  readonly contentId: number
}

/** Returns a request that is taken, for each method of `tools.harrier`, by its NSID. */
export function harrierTargets({
  picture,
  cid,
  bank,
  contentId: id,
}: World): Readonly<Record<string, Target>> {
  const query = (nsid: string, params: Target['query'] = {}) =>
    [nsid, { method: 'GET', path: `/xrpc/${nsid}`, query: params }] as const
  const procedure = (nsid: string, json: unknown) =>
    [nsid, { method: 'POST', path: `/xrpc/${nsid}`, body: { json } }] as const
  return Object.fromEntries<Target>([
    [
      'tools.harrier.scan.image',
      {
        method: 'POST',
        path: '/xrpc/tools.harrier.scan.image',
        query: { banks: bank },
        body: { bytes: picture, type: 'image/png' },
      },
    ],
    procedure('tools.harrier.scan.blob', { did: someone, cid }),
    procedure('tools.harrier.match.hash', {
      type: 'pdq',
      value: someHash,
      maxDistance: 31,
      banks: [bank],
    }),
    query('tools.harrier.match.getStatus', { uri: someRecord }),
    query('tools.harrier.match.getStatuses', { uris: someRecord }),
    query('tools.harrier.bank.listBanks'),
    query('tools.harrier.bank.getBank', { bank }),
    procedure('tools.harrier.bank.createBank', { name: 'another', threshold: 31 }),
    procedure('tools.harrier.bank.updateBank', { bank, enabledRatio: '0.5' }),
    query('tools.harrier.bank.listContents', { bank, limit: '10' }),
    query('tools.harrier.bank.getContent', { bank, id: String(id) }),
    procedure('tools.harrier.bank.addContent', {
      bank,
      hashes: [{ type: 'pdq', value: someHash }],
      note: 'a note',
    }),
    procedure('tools.harrier.bank.updateContent', { bank, id, isEnabled: true }),
    procedure('tools.harrier.bank.deleteContent', { bank, id }),
    procedure('tools.harrier.bank.deleteBank', { bank }),
  ])
}
