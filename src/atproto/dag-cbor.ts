import { encode, type LexValue } from '@atproto/lex-cbor'

/** A value of the AT Protocol data model: no floats, no `undefined` outside of object fields, bytes as `Uint8Array`. */
export type CborValue = LexValue

/**
 * Returns the value as canonical DAG-CBOR: keys sorted by length and then by byte, shortest integers, definite lengths.
 * A field whose value is `undefined` is left out.
 * @throws {Error} when the value is outside of the data model.
 */
export function encodeDagCbor(value: CborValue): Uint8Array {
  return encode(value)
}
