import { type DidDocument, getDidKeyFromMultibase } from '@atproto/identity'

/** The key that a labeler's DID document declares for its labels, or what is wrong with it. */
export type LabelKey =
  | {
      readonly kind: 'found'
      /** `did:key:z…`. */
      readonly didKey: string
      /** The entry's type: `Multikey`, or a legacy one with an uncompressed key. */
      readonly type: string
      readonly curve: 'K-256' | 'P-256'
    }
  | { readonly kind: 'missing' }
  /** There is an entry whose key cannot be read: `type` is its type. */
  | { readonly kind: 'unreadable'; readonly type: string }

/**
 * Returns the verification method `#atproto_label` (AT Protocol label specification). There is no falling back to
 * `#atproto`, which signs the account's repository. Ids may be `#atproto_label` or `did:…#atproto_label`.
 */
export function labelKeyOf(document: DidDocument): LabelKey {
  return keyOf(document, 'atproto_label')
}

/** Returns the account's own key, `#atproto`, in the same form. */
export function accountKeyOf(document: DidDocument): LabelKey {
  return keyOf(document, 'atproto')
}

function keyOf({ id, verificationMethod = [] }: DidDocument, fragment: string): LabelKey {
  const ids = [`#${fragment}`, `${id}#${fragment}`]
  const method = verificationMethod.find((candidate) => ids.includes(candidate.id))
  if (method === undefined) return { kind: 'missing' }
  const { type, publicKeyMultibase } = method
  try {
    const didKey = getDidKeyFromMultibase({ type, publicKeyMultibase: publicKeyMultibase ?? '' })
    if (didKey === undefined) return { kind: 'unreadable', type }
    return { kind: 'found', didKey, type, curve: didKey.startsWith('did:key:zQ3s') ? 'K-256' : 'P-256' }
  } catch {
    return { kind: 'unreadable', type }
  }
}
