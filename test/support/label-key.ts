import { Secp256k1Keypair } from '@atproto/crypto'
import { type DidDocument, DidResolver, getDidKeyFromMultibase } from '@atproto/identity'

/**
 * Returns the key, as `did:key:…`, that labels of the account are checked against: `#atproto_label` of its DID document
 * as the PLC directory gives it now. Undefined when the document has none.
 */
export async function resolveLabelKey(plcUrl: string, did: string): Promise<string | undefined> {
  // The resolver's own fetch refuses plain HTTP and loopback, where a test directory is.
  const document = await new DidResolver({ plcUrl, fetch: globalThis.fetch }).ensureResolve(did)
  return labelKeyOf(document)
}

function labelKeyOf({ id, verificationMethod = [] }: DidDocument): string | undefined {
  const method = verificationMethod.find((candidate) => candidate.id.replace(id, '') === '#atproto_label')
  if (method?.publicKeyMultibase === undefined) return undefined
  return getDidKeyFromMultibase({ type: method.type, publicKeyMultibase: method.publicKeyMultibase })
}

/** A new label key: the private half as hex, as Harrier's settings take it, and the public half for the DID document. */
export type NewLabelKey = { readonly privateHex: string; readonly didKey: string }

/** Makes a label key. */
export async function createLabelKey(): Promise<NewLabelKey> {
  const keypair = await Secp256k1Keypair.create({ exportable: true })
  return { privateHex: Buffer.from(await keypair.export()).toString('hex'), didKey: keypair.did() }
}
