import { HandleResolver } from '@atproto/identity'
import { isValidHandle } from '@atproto/syntax'
import { AppError } from '../lib/errors.ts'
import { type SafeFetch, withMaxBody } from '../lib/safe-fetch.ts'
import { type Did, parseDid } from '../model/ids.ts'
import type { AccountHost } from './account-session.ts'

/** Who is asked for handles. */
export type ResolveAccountDeps = {
  readonly fetch: SafeFetch
  /** A host that knows the handle, where DNS and https do not; asked first. */
  readonly host: Pick<AccountHost, 'resolveHandle'> | undefined
}

/**
 * Returns the DID of an account that a person names by DID or by handle, with or without an `@`.
 * @throws {AppError} `invalid` when the text is neither, `not-found` when nobody knows the handle.
 */
export async function resolveAccount({ fetch, host }: ResolveAccountDeps, account: string): Promise<Did> {
  const did = parseDid(account)
  if (did) return did
  const handle = account.replace(/^@/, '').toLowerCase()
  if (!isValidHandle(handle))
    throw new AppError(
      'invalid',
      `Expected a handle or a DID for the account but received ${JSON.stringify(account.slice(0, 300))}`,
    )
  const resolver = new HandleResolver({ fetch: withMaxBody(fetch, 4096) })
  const found = (await host?.resolveHandle(handle)) ?? parseDid(await resolver.resolve(handle))
  if (found) return found
  throw new AppError(
    'not-found',
    `Expected a handle that resolves but received ${handle}; name the account's DID, or its host with --pds`,
  )
}
