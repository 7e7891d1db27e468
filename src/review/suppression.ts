import { AppError } from '../lib/errors.ts'
import type { Bank, ContentHash } from '../model/bank.ts'
import { hashesForBank } from '../model/bank-hashes.ts'
import type { ImageHash } from '../model/hash.ts'
import type { Cid } from '../model/ids.ts'
import type { Suppression } from '../model/review-decision.ts'
import type { Stores } from '../store/database.ts'
import type { ReviewedContent } from './reviewed.ts'

/**
 * Returns the negative bank, and the hashes by which it is to suppress what was not a match: those of the content, so that whatever
 * it matches is suppressed; or those of the image, so that pictures like it are, and the content stands.
 * @throws {AppError} `invalid` for a bank that is not negative, does not suppress the content's bank, or cannot hold the hashes.
 */
export async function hashesToSuppress(
  stores: Pick<Stores, 'banks' | 'curation' | 'images'>,
  { bank: name, what }: Suppression,
  content: ReviewedContent,
  images: readonly Cid[],
): Promise<{ readonly bank: Bank; readonly hashes: readonly ContentHash[] }> {
  const bank = await stores.banks.find(name)
  const suppresses = bank?.suppresses
  const isFit = suppresses === 'all' || suppresses?.includes(content.bank) === true
  if (!bank || !isFit)
    throw new AppError(
      'invalid',
      `Expected a negative bank that suppresses ${content.bank} but received ${name}`,
    )
  const hashes =
    what === 'content'
      ? await hashesOfContent(stores, bank, content)
      : hashesForBank(bank, await hashesOfImages(stores, images)).kept
  if (hashes.length === 0)
    throw new AppError(
      'invalid',
      `Expected hashes of the ${what} that bank ${name} can hold, but there are none`,
    )
  return { bank, hashes }
}

async function hashesOfContent(
  { banks, curation }: Pick<Stores, 'banks' | 'curation'>,
  negative: Bank,
  { bankId, bank: name, contentId }: ReviewedContent,
): Promise<readonly ContentHash[]> {
  const hashes = (await curation.find(bankId, contentId))?.hashes ?? []
  const bank = await banks.find(name)
  const isComparable = negative.profile === 'unknown' || negative.profile === bank?.profile
  if (isComparable || hashes.every(({ type }) => type !== 'pdq')) return hashes
  throw new AppError(
    'invalid',
    `Expected a negative bank of profile ${bank?.profile ?? 'unknown'} or unknown, as the content's hash is, but ${negative.name} is of ${negative.profile}`,
  )
}

/** One content is one picture: where several match, each is to be suppressed from its own review. */
async function hashesOfImages(
  { images: store }: Pick<Stores, 'images'>,
  images: readonly Cid[],
): Promise<readonly ImageHash[]> {
  const [cid] = images
  if (cid === undefined || images.length > 1)
    throw new AppError(
      'invalid',
      `Expected one image that matches the content, but there are ${images.length}`,
    )
  const scan = await store.load(cid)
  if (scan?.kind === 'hashed') return scan.hashes
  throw new AppError('invalid', 'Expected the hashes of the image to be kept, but they are not')
}
