import { verifySignature } from '../atproto/verify-signature.ts'
import { AppError } from '../lib/errors.ts'
import type { AuditHead, SignedAuditHead } from '../model/audit.ts'
import { encodeAuditHead } from '../model/audit-chain.ts'

/** Who signs heads: the labeler, with its label key. */
export type HeadSigner = {
  readonly did: string
  /** `did:key:…`. */
  readonly key: string
  readonly sign: (bytes: Uint8Array) => Promise<Uint8Array>
}

/** The head is not what a label key that is trusted here has signed. */
export class HeadSignatureError extends AppError {
  override readonly name = 'HeadSignatureError'
  constructor(expected: string, received: string) {
    super('invalid', `Expected a head signed by ${expected} but received ${received}`)
  }
}

/** Returns the head with the labeler's signature. */
export async function signHead(
  { did, key, sign }: HeadSigner,
  place: Omit<AuditHead, 'did' | 'key'>,
): Promise<SignedAuditHead> {
  const { id, hash, databaseId, at } = place
  const head = { did, key, databaseId, id, hash, at }
  return { head, sig: Buffer.from(await sign(encodeAuditHead(head))).toString('hex') }
}

/** Accepts a head that one of these keys (`did:key:…`) has signed. @throws {HeadSignatureError} for any other. */
export async function checkHead({ head, sig }: SignedAuditHead, keys: readonly string[]): Promise<void> {
  const expected = keys.length === 1 ? `${keys[0]}` : 'a label key of this labeler'
  if (!keys.includes(head.key)) throw new HeadSignatureError(expected, `one that names ${head.key}`)
  if (!(await verifySignature(head.key, encodeAuditHead(head), Buffer.from(sig, 'hex'))))
    throw new HeadSignatureError(head.key, 'one whose signature is not of that key over this head')
}
