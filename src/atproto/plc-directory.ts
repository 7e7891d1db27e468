import { cidForCbor } from '@atproto/lex-data'
import { z } from 'zod'
import { AppError } from '../lib/errors.ts'
import { type SafeFetch, withMaxBody } from '../lib/safe-fetch.ts'
import { type Cid, type Did, parseCid } from '../model/ids.ts'
import { type CborValue, encodeDagCbor } from './dag-cbor.ts'

/** A service entry of a PLC operation; the DID document calls the endpoint `serviceEndpoint`. */
export type PlcService = { readonly type: string; readonly endpoint: string }

/** What an account's PLC operation says. Each operation replaces the one before it whole. */
export type PlcState = {
  /** `did:key:…`, the mightiest first. */
  readonly rotationKeys: readonly string[]
  /** `did:key:…` by fragment, without the `#`. */
  readonly verificationMethods: Readonly<Record<string, string>>
  /** `at://<handle>`, the handle in use first. */
  readonly alsoKnownAs: readonly string[]
  /** By fragment, without the `#`. */
  readonly services: Readonly<Record<string, PlcService>>
}

/** A signed operation of an account's log. */
export type PlcOperation = {
  readonly state: PlcState
  /** Its own CID: the `prev` of the operation that follows it. */
  readonly cid: Cid
  /** The CID of the operation before it; undefined for the first. */
  readonly prev: Cid | undefined
}

/** The directory's log of operations. */
export interface PlcDirectory {
  /**
   * Returns the last operation of the account's log.
   * @throws {PlcError} `not-found` when the account is unknown or deleted, `upstream` when the directory is unwell.
   */
  lastOperation(did: Did, signal: AbortSignal): Promise<PlcOperation>
}

/** The directory does not know the account, is unwell, or answers what is no operation. */
export class PlcError extends AppError {
  override readonly name = 'PlcError'
}

/** The specification bounds an operation to 7,500 bytes. */
const maxOperationBytes = 64 * 1024

/** Returns the directory at an address such as `https://plc.directory`. */
export function createPlcDirectory({
  plcUrl,
  fetch,
}: {
  readonly plcUrl: string
  readonly fetch: SafeFetch
}): PlcDirectory {
  const bounded = withMaxBody(fetch, maxOperationBytes)
  return {
    async lastOperation(did, signal) {
      const response = await bounded(new URL(`/${encodeURIComponent(did)}/log/last`, plcUrl), { signal })
      if (response.ok) return await parsePlcOperation(await response.json())
      await response.body?.cancel()
      const { status } = response
      if (status === 404 || status === 410)
        throw new PlcError('not-found', `Expected ${did} in the PLC directory but it has no such account`)
      throw new PlcError(
        'upstream',
        `Expected the last operation of ${did} but the directory answered ${status}`,
      )
    },
  }
}

const text = z.string().max(4096)
const signed = { prev: text.nullable(), sig: text }
const operation = z.object({
  type: z.literal('plc_operation'),
  rotationKeys: z.array(text).max(64),
  verificationMethods: z.record(text, text),
  alsoKnownAs: z.array(text).max(1000),
  services: z.record(text, z.object({ type: text, endpoint: text })),
  ...signed,
})
/** The form of the first operations of 2022 and 2023; still the last one of an account that never changed since. */
const legacyCreate = z
  .object({
    type: z.literal('create'),
    signingKey: text,
    recoveryKey: text,
    handle: text,
    service: text,
    ...signed,
  })
  .transform(({ signingKey, recoveryKey, handle, service, prev }) => ({
    rotationKeys: [recoveryKey, signingKey],
    verificationMethods: { atproto: signingKey },
    alsoKnownAs: [handle.startsWith('at://') ? handle : `at://${handle}`],
    services: {
      atproto_pds: {
        type: 'AtprotoPersonalDataServer',
        endpoint: /^https?:\/\//.test(service) ? service : `https://${service}`,
      },
    },
    prev,
  }))

/**
 * Returns what a signed operation says (did:plc specification v0.1), be it from the log or just signed.
 * @throws {PlcError} `not-found` for a tombstone, `upstream` for what is no operation.
 */
export async function parsePlcOperation(value: unknown): Promise<PlcOperation> {
  if ((value as { type?: unknown } | null)?.type === 'plc_tombstone')
    throw new PlcError('not-found', 'Expected an account that is in use but its DID was given up')
  const parsed = z.union([operation, legacyCreate]).safeParse(value)
  if (!parsed.success)
    throw new PlcError('upstream', 'Expected a signed PLC operation but received something else')
  const { rotationKeys, verificationMethods, alsoKnownAs, services, prev } = parsed.data
  // The CID is that of everything that was signed, and not only of what is read here.
  const cid = await cidForCbor(encodeDagCbor(value as CborValue))
  return {
    state: { rotationKeys, verificationMethods, alsoKnownAs, services },
    cid: parseCid(cid.toString()) as Cid,
    prev: prev === null ? undefined : parseCid(prev),
  }
}
