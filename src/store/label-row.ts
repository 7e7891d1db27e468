import type { AtUri, Cid, Did } from '../model/ids.ts'
import type { SequencedLabel } from '../model/label.ts'
import type { Row } from './schema.ts'

/** Returns the label that a row of `labels` holds. */
export function labelOfRow(row: Row<'labels'>): SequencedLabel {
  return {
    seq: row.seq,
    ver: 1,
    src: row.src as Did,
    uri: row.uri as Did | AtUri,
    ...(row.cid === null ? {} : { cid: row.cid as Cid }),
    val: row.val,
    ...(row.neg === 1 ? { neg: true as const } : {}),
    cts: row.cts,
    ...(row.exp === null ? {} : { exp: row.exp }),
    sig: row.sig,
    bytes: row.bytes,
  }
}
