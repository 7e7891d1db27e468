/**
 * What the commands stand on that act for the labeler's account: the directory, documents, and the account's host. It
 * keeps nothing, and only public https is asked, unless the settings name an exception.
 */
import packageJson from '../package.json' with { type: 'json' }
import { type AccountHost, createAccountHost } from './atproto/account-session.ts'
import { createIdentityResolver, type IdentityResolver } from './atproto/identity.ts'
import { createPlcDirectory, type PlcDirectory } from './atproto/plc-directory.ts'
import type { Config } from './config/settings.ts'
import { AppError } from './lib/errors.ts'
import { createSafeFetch, RefusedAddressError, type SafeFetch } from './lib/safe-fetch.ts'
import { realWorld, type World } from './world.ts'

/** The network as an account's owner deals with it. */
export type AccountNetwork = {
  readonly fetch: SafeFetch
  readonly directory: PlcDirectory
  /** Resolves documents anew each time. */
  readonly identity: IdentityResolver
  /** Returns the host of accounts at an address. */
  readonly hostAt: (pdsUrl: string) => AccountHost
}

/** Opens the network on the settings; calls to hosts end when the signal is aborted. */
export function openAccountNetwork(
  config: Config,
  signal: AbortSignal,
  world: Pick<World, 'fetch' | 'now'> = realWorld,
): AccountNetwork {
  const { plcUrl, fetchTimeoutMs: timeoutMs } = config
  const fetch = createSafeFetch({
    timeoutMs,
    maxRedirects: config.maxRedirects,
    allowedPrivateOrigins: config.allowPrivateOrigins,
    userAgent: `harrier/${packageJson.version} (AT Protocol labeler)`,
    fetch: world.fetch,
  })
  const store = { load: async () => undefined, save: async () => {}, forget: async () => {} }
  const now = (): number => world.now().getTime()
  return {
    fetch,
    directory: createPlcDirectory({ plcUrl, fetch }),
    identity: createIdentityResolver({ store, fetch, plcUrl, timeoutMs, now }),
    hostAt: (pdsUrl) => createAccountHost(pdsUrl, fetch, signal),
  }
}

/**
 * Runs what asks the network, and says of an address that was refused how it can be allowed: it may be meant, as a host
 * of one's own at home.
 */
export async function explainRefusals<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof RefusedAddressError)) throw error
    const advice = 'it is not public https; name it in HARRIER_ALLOW_PRIVATE_ORIGINS if it is meant'
    throw new AppError('forbidden', `${error.message}: ${advice}`, { cause: error })
  }
}
