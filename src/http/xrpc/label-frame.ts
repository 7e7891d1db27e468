import { encodeDagCbor } from '../../atproto/dag-cbor.ts'
import type { StreamedLabel } from '../../model/label.ts'

const labelsHeader = encodeDagCbor({ op: 1, t: '#labels' })
const infoHeader = encodeDagCbor({ op: 1, t: '#info' })
const errorHeader = encodeDagCbor({ op: -1 })
const mapOfTwoAndSeqKey = Uint8Array.of(0xa2, 0x63, 0x73, 0x65, 0x71)
const labelsKeyAndArrayOfOne = Uint8Array.of(0x66, 0x6c, 0x61, 0x62, 0x65, 0x6c, 0x73, 0x81)

/**
 * Returns the `#labels` frame of one label: the header, then `{seq, labels: [label]}` with the label's own bytes spliced
 * in, so that what was signed is what is sent and nothing is encoded twice.
 *
 * The body is written by hand (RFC 8949): a map of two (`a2`), the key `seq` (`63`, a 3-byte text), the number, the key
 * `labels` (`66`, a 6-byte text), an array of one (`81`), the label. Shorter keys come first in DAG-CBOR.
 */
export function encodeLabelsFrame(seq: number, labelBytes: Uint8Array): Buffer {
  return Buffer.concat([labelsHeader, mapOfTwoAndSeqKey, encodeUint(seq), labelsKeyAndArrayOfOne, labelBytes])
}

/**
 * Returns the WebSocket messages of a page, one `#labels` frame each, in one buffer for one write. A server's messages
 * are not masked (RFC 6455, 5.1), so all subscribers can be sent the same bytes.
 */
export function encodeLabelsMessages(page: readonly StreamedLabel[]): Buffer {
  return Buffer.concat(
    page.flatMap(({ seq, bytes }) => {
      const frame = encodeLabelsFrame(seq, bytes)
      return [encodeMessageHead(frame.length), frame]
    }),
  )
}

/** Returns an `#info` frame: it has no seq. */
export function encodeInfoFrame(name: string, message: string): Buffer {
  return Buffer.concat([infoHeader, encodeDagCbor({ name, message })])
}

/** Returns an error frame, the last of a stream: header `{op: -1}`, body `{error, message}`. */
export function encodeErrorFrame(error: string, message: string): Buffer {
  return Buffer.concat([errorHeader, encodeDagCbor({ error, message })])
}

/** A CBOR unsigned integer in its shortest form: in the first byte up to 23, else in 1, 2, 4 or 8 bytes after it. */
function encodeUint(value: number): Buffer {
  if (value < 24) return Buffer.of(value)
  if (value < 0x100) return Buffer.of(0x18, value)
  const bytes = Buffer.alloc(9)
  if (value < 0x10000) return bytes.subarray(0, bytes.writeUInt16BE(value, bytes.writeUInt8(0x19)))
  if (value < 0x100000000) return bytes.subarray(0, bytes.writeUInt32BE(value, bytes.writeUInt8(0x1a)))
  return bytes.subarray(0, bytes.writeBigUInt64BE(BigInt(value), bytes.writeUInt8(0x1b)))
}

/** The head of a whole binary message: `82`, then the length in 7 bits, or 126 and 16 bits, or 127 and 64 bits. */
function encodeMessageHead(length: number): Buffer {
  if (length < 126) return Buffer.of(0x82, length)
  const head = Buffer.alloc(10)
  head[0] = 0x82
  if (length < 0x10000) return head.subarray(0, head.writeUInt16BE(length, head.writeUInt8(126, 1)))
  return head.subarray(0, head.writeBigUInt64BE(BigInt(length), head.writeUInt8(127, 1)))
}
