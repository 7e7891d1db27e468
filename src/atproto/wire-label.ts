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
  const label: Record<string, unknown> = {}
  for (const [name, read, isRequired] of fields) {
    const field = (value as Readonly<Record<string, unknown>>)[name]
    if (field === undefined && !isRequired) continue
    label[name] = read(field)
    if (label[name] === undefined) return undefined
  }
  return label as WireLabel
}

/** Returns the field as it is kept, or undefined when it is of the wrong kind. */
type ReadField = (field: unknown) => unknown

const readText: ReadField = (field) => (isText(field) ? field : undefined)

/** `com.atproto.label.defs#label`, in its order. */
const fields: readonly [name: keyof WireLabel, read: ReadField, isRequired: boolean][] = [
  ['ver', (field) => (Number.isSafeInteger(field) ? field : undefined), false],
  ['src', readText, true],
  ['uri', readText, true],
  ['cid', readText, false],
  ['val', readText, true],
  ['neg', (field) => (typeof field === 'boolean' ? field : undefined), false],
  ['cts', readText, true],
  ['exp', readText, false],
  ['sig', bytesOf, false],
]

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxTextLength && value.isWellFormed()
}

function bytesOf(sig: unknown): Uint8Array | undefined {
  if (sig instanceof Uint8Array) return sig
  const text = (sig as { readonly $bytes?: unknown } | null | undefined)?.$bytes
  return isText(text) ? Buffer.from(text, 'base64') : undefined
}
