import { setTimeout } from 'node:timers/promises'
import { type Account, createAccount } from '../../test/support/accounts.ts'
import { drawPattern, recompress } from '../../test/support/images.ts'

/** A picture that its account's PDS has, and that no post shows yet. */
export type Upload = { readonly account: Account; readonly blob: unknown; readonly sha256: string }

/** When the PDS had answered that the post is there; epoch milliseconds. */
export type Posted = { readonly uri: string; readonly answeredAt: number }

/** Draws pictures of one megapixel as PNG. */
export function drawOriginals(count: number): Promise<Buffer[]> {
  return Promise.all(
    Array.from({ length: count }, (_, seed) => drawPattern(seed, { width: 1152, height: 864 })),
  )
}

/** Returns pictures as apps would send them: JPEGs of 200 to 400 KB. */
export function compress(originals: readonly Buffer[]): Promise<Buffer[]> {
  return Promise.all(originals.map((original, n) => recompress(original, 90 + (n % 4))))
}

/** Creates accounts, since the images of one are looked at one after the other. */
export async function createAccounts(pdsUrl: string, count: number): Promise<Account[]> {
  const accounts: Account[] = []
  for (let n = 0; n < count; n++) accounts.push(await createAccount({ url: pdsUrl }, `poster${n}.test`))
  return accounts
}

/** Uploads copies of the pictures, no two of the same bytes: `from` is the number of the first. */
export async function uploadCopies(
  accounts: readonly Account[],
  pictures: readonly Buffer[],
  from: number,
  count: number,
): Promise<Upload[]> {
  const uploads: Upload[] = []
  for (let n = from; n < from + count; n++) {
    const account = accounts[n % accounts.length] as Account
    const bytes = withComment(pictures[n % pictures.length] as Buffer, `copy ${n}`)
    const { data } = await account.agent.uploadBlob(bytes, { encoding: 'image/jpeg' })
    const sha256 = Buffer.from(data.blob.ref.multihash.digest).toString('hex')
    uploads.push({ account, blob: data.blob, sha256 })
  }
  return uploads
}

/** Publishes a post for each upload, evenly, so many in a second, whether the ones before were answered or not. */
export async function postEvenly(uploads: readonly Upload[], perSecond: number): Promise<Posted[]> {
  const startedAt = performance.now()
  const posts: Promise<Posted>[] = []
  for (const [n, upload] of uploads.entries()) {
    const waitMs = startedAt + (n * 1000) / perSecond - performance.now()
    if (waitMs > 0) await setTimeout(waitMs)
    posts.push(post(upload, n))
  }
  return Promise.all(posts)
}

async function post({ account, blob }: Upload, n: number): Promise<Posted> {
  const { agent, did } = account
  const record = {
    $type: 'app.bsky.feed.post',
    text: `post ${n}`,
    createdAt: new Date().toISOString(),
    embed: { $type: 'app.bsky.embed.images', images: [{ image: blob, alt: '' }] },
  }
  const { data } = await agent.com.atproto.repo.createRecord({
    repo: did,
    collection: 'app.bsky.feed.post',
    record,
  })
  return { uri: data.uri, answeredAt: performance.timeOrigin + performance.now() }
}

/** Returns the JPEG with a comment behind its first marker: other bytes, and so another CID, of the same picture. */
function withComment(jpeg: Buffer, text: string): Buffer {
  const comment = Buffer.from(text)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(comment.length + 2)
  return Buffer.concat([jpeg.subarray(0, 2), Buffer.from([0xff, 0xfe]), length, comment, jpeg.subarray(2)])
}
