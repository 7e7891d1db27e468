import type { PlcMaps } from '../atproto/account-session.ts'
import type { IdentityResolver } from '../atproto/identity.ts'
import { labelerIdentityOf } from '../atproto/labeler-identity.ts'
import type { PlcDirectory, PlcOperation } from '../atproto/plc-directory.ts'
import { AppError, messageOf } from '../lib/errors.ts'
import { RefusedAddressError } from '../lib/safe-fetch.ts'
import type { Did } from '../model/ids.ts'

/** Where DID documents come from. */
export type ReadDocumentDeps = {
  readonly directory: PlcDirectory
  /** A resolver that keeps nothing, for documents of `did:web`. */
  readonly identity: IdentityResolver
}

/** What is in the DID document now: the last PLC operation, or the label key and the service alone. */
export type DeclaredDocument = { readonly entries: PlcMaps } & (
  | { readonly kind: 'plc'; readonly operation: PlcOperation }
  | { readonly kind: 'web' }
)

/** Returns what a DID document says, with the origin of the account's host; a `did:web` may have none. */
export async function readDocument(
  { directory, identity }: ReadDocumentDeps,
  did: Did,
  signal: AbortSignal,
): Promise<{ readonly document: DeclaredDocument; readonly pdsUrl: string | undefined }> {
  if (!did.startsWith('did:plc:')) return await readWebDocument(identity, did, signal)
  const operation = await directory.lastOperation(did, signal)
  const pds = URL.parse(operation.state.services['atproto_pds']?.endpoint ?? '')
  if (!pds)
    throw new AppError(
      'invalid',
      `Expected ${did} to have a host (#atproto_pds) but its DID document names none`,
    )
  return { document: { kind: 'plc', operation, entries: operation.state }, pdsUrl: pds.origin }
}

async function readWebDocument(
  identity: IdentityResolver,
  did: Did,
  signal: AbortSignal,
): ReturnType<typeof readDocument> {
  const advice = 'start what serves it (harrier serve does, for its own host), then run setup again'
  try {
    const document = await identity.resolveDoc(did, signal)
    if (document) {
      const { didKey, endpoint } = labelerIdentityOf(document)
      const entries = {
        verificationMethods: didKey === undefined ? {} : { atproto_label: didKey },
        services: endpoint === undefined ? {} : { atproto_labeler: { type: 'AtprotoLabeler', endpoint } },
      }
      return { document: { kind: 'web', entries }, pdsUrl: await identity.resolvePds(did, signal) }
    }
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof RefusedAddressError) throw cause
    const told = `Could not fetch the DID document of ${did}: ${messageOf(cause)}; ${advice}`
    throw new AppError('upstream', told, { cause })
  }
  throw new AppError('not-found', `Expected ${did} to have a DID document but it has none; ${advice}`)
}
