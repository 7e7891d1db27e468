import { AppError, messageOf } from '../../src/lib/errors.ts'
import { loginAccount, type Post, publishPost } from '../../test/support/accounts.ts'
import { readImageFile } from '../lib/sources.ts'

/** The PDS did not take the post. */
class PostFailedError extends AppError {
  override readonly name = 'PostFailedError'
  constructor(pdsUrl: string, cause: unknown) {
    super('upstream', `Expected the PDS at ${pdsUrl} to take the post but received: ${messageOf(cause)}`, {
      cause,
    })
  }
}

/**
 * Posts an image file as an account of a running demo.
 * @throws {UnusableFileError} when the file cannot be read; {PostFailedError} when the PDS is not there or refuses.
 */
export async function postPicture(pdsUrl: string, handle: string, file: string): Promise<Post> {
  const image = await readImageFile(file)
  try {
    const account = await loginAccount(pdsUrl, handle)
    return await publishPost(account, 'a picture posted by hand', [image])
  } catch (error) {
    throw new PostFailedError(pdsUrl, error)
  }
}
