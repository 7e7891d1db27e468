import { cidForLex } from '@atproto/lex-cbor'
import { type JsonValue, jsonToLex } from '@atproto/lex-json'
import { type Cid, parseCid } from '../model/ids.ts'

/**
 * Returns the CID of a record that is given as JSON: of its canonical DAG-CBOR. Undefined when it has none, because it is
 * no data as AT Protocol has it, or is nested deeper than can be followed.
 */
export async function cidOfRecord(record: JsonValue): Promise<Cid | undefined> {
  try {
    return parseCid((await cidForLex(jsonToLex(record))).toString())
  } catch {
    return undefined
  }
}
