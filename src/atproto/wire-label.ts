import type { WireLabel } from './verify-label.ts'

/** Longest text that a field of a label may have, in UTF-16 units: a DID, an AT URI or a time is far shorter. */
const maxTextLength = 8_192

/**
 * Returns a label as it came over the wire, DAG-CBOR or JSON already decoded, with the specified fields and no others;
 * undefined when it is no label: a required field is missing or a field is of the wrong kind. In JSON `sig` is
 * `{"$bytes": base64}`. A field that is null is a field of the wrong kind.
 *
 * Form only: what the values mean, and whether the signature holds, is the caller's to judge.
 */
export function parseWireLabel(value: unknown): WireLabel | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { ver, src, uri, cid, val, neg, cts, exp, sig } = value as Readonly<Record<string, unknown>>
  if (!isText(src) || !isText(uri) || !isText(val) || !isText(cts)) return undefined
  if (!(ver === undefined || Number.isSafeInteger(ver))) return undefined
  if (!(neg === undefined || typeof neg === 'boolean')) return undefined
  if (!(cid === undefined || isText(cid)) || !(exp === undefined || isText(exp))) return undefined
  const bytes = bytesOf(sig)
  if (sig !== undefined && bytes === undefined) return undefined
  return {
    ...(ver === undefined ? {} : { ver: ver as number }),
    src,
    uri,
    ...(cid === undefined ? {} : { cid }),
    val,
    ...(neg === undefined ? {} : { neg }),
    cts,
    ...(exp === undefined ? {} : { exp }),
    ...(bytes === undefined ? {} : { sig: bytes }),
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxTextLength && value.isWellFormed()
}

function bytesOf(sig: unknown): Uint8Array | undefined {
  if (sig instanceof Uint8Array) return sig
  const text = (sig as { readonly $bytes?: unknown } | null | undefined)?.$bytes
  return isText(text) ? Buffer.from(text, 'base64') : undefined
}
