import { encodeDagCbor } from '../../atproto/dag-cbor.ts'
import type { StreamedLabel } from '../../model/label.ts'

const infoHeader = encodeDagCbor({ op: 1, t: '#info' })
const errorHeader = encodeDagCbor({ op: -1 })
/** The header of a `#labels` frame, a map of two (`a2`) and its first key, `seq` (`63`, a 3-byte text). */
const beforeSeq = Buffer.concat([
  encodeDagCbor({ op: 1, t: '#labels' }),
  Uint8Array.of(0xa2, 0x63, 0x73, 0x65, 0x71),
])
/** The key `labels` (`66`, a 6-byte text) and an array of one (`81`). Shorter keys come first in DAG-CBOR. */
const afterSeq = Buffer.of(0x66, 0x6c, 0x61, 0x62, 0x65, 0x6c, 0x73, 0x81)
/** The most bytes that a message has beside these and its label: a head of 10, and a seq of 9. */
const mostRest = beforeSeq.length + afterSeq.length + 19

/**
 * Returns the WebSocket messages of a page, one `#labels` frame each, in one buffer for one write. A frame is the header,
 * then `{seq, labels: [label]}` with the label's own bytes spliced in, so that what was signed is what is sent and nothing
 * is encoded twice. A server's messages are not masked (RFC 6455, 5.1): all subscribers can be sent the same bytes.
 */
export function encodeLabelsMessages(page: readonly StreamedLabel[]): Buffer {
  const messages = Buffer.allocUnsafe(page.reduce((sum, { bytes }) => sum + mostRest + bytes.length, 0))
  let at = 0
  for (const { seq, bytes } of page) {
    at = writeMessageHead(messages, beforeSeq.length + uintLength(seq) + afterSeq.length + bytes.length, at)
    at += beforeSeq.copy(messages, at)
    at = writeUint(messages, seq, at)
    at += afterSeq.copy(messages, at)
    messages.set(bytes, at)
    at += bytes.length
  }
  return messages.subarray(0, at)
}

/** Returns an `#info` frame: it has no seq. */
export function encodeInfoFrame(name: string, message: string): Buffer {
  return Buffer.concat([infoHeader, encodeDagCbor({ name, message })])
}

/** Returns an error frame, the last of a stream: header `{op: -1}`, body `{error, message}`. */
export function encodeErrorFrame(error: string, message: string): Buffer {
  return Buffer.concat([errorHeader, encodeDagCbor({ error, message })])
}

/** The head of a whole binary message: `82`, then the length in 7 bits, or 126 and 16 bits, or 127 and 64 bits. */
function writeMessageHead(target: Buffer, length: number, at: number): number {
  const next = target.writeUInt8(0x82, at)
  if (length < 126) return target.writeUInt8(length, next)
  if (length < 0x10000) return target.writeUInt16BE(length, target.writeUInt8(126, next))
  return target.writeBigUInt64BE(BigInt(length), target.writeUInt8(127, next))
}

/** A CBOR unsigned integer in its shortest form (RFC 8949, 3.1): in the first byte up to 23, else in those after it. */
function writeUint(target: Buffer, value: number, at: number): number {
  if (value < 24) return target.writeUInt8(value, at)
  if (value < 0x100) return target.writeUInt8(value, target.writeUInt8(0x18, at))
  if (value < 0x10000) return target.writeUInt16BE(value, target.writeUInt8(0x19, at))
  if (value < 0x100000000) return target.writeUInt32BE(value, target.writeUInt8(0x1a, at))
  return target.writeBigUInt64BE(BigInt(value), target.writeUInt8(0x1b, at))
}

/** How many bytes `writeUint` writes. */
function uintLength(value: number): number {
  if (value < 24) return 1
  if (value < 0x100) return 2
  if (value < 0x10000) return 3
  return value < 0x100000000 ? 5 : 9
}
