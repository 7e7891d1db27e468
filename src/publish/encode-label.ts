import { encodeDagCbor } from '../atproto/dag-cbor.ts'
import type { Label } from '../model/label.ts'

/**
 * Returns the bytes that a label's signature covers: canonical DAG-CBOR of the specified fields and nothing else.
 * `neg` is there only when true; `cid` and `exp` only when set. This and `encodeSigned` are the only places that know
 * the form; a verifier rebuilds it from the fields on the wire.
 */
export function encodeUnsigned(label: Label): Uint8Array {
  return encodeDagCbor(specifiedFields(label))
}

/** Returns the whole signed label as canonical DAG-CBOR: what goes on the stream. */
export function encodeSigned(label: Label, sig: Uint8Array): Uint8Array {
  return encodeDagCbor({ ...specifiedFields(label), sig })
}

function specifiedFields(label: Label) {
  return {
    ver: 1,
    src: label.src,
    uri: label.uri,
    ...(label.cid ? { cid: label.cid } : {}),
    val: label.val,
    ...(label.neg ? { neg: true } : {}),
    cts: label.cts,
    ...(label.exp ? { exp: label.exp } : {}),
  }
}
