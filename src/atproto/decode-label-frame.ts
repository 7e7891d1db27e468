import { decodeAll } from '@atproto/lex-cbor'
import { isCborDeeperThan } from './cbor-depth.ts'
import type { WireLabel } from './verify-label.ts'
import { parseWireLabel } from './wire-label.ts'

/** One message of `com.atproto.label.subscribeLabels`, or why it is none; `Label` is what is known of its labels. */
export type LabelFrame<Label = WireLabel> =
  | { readonly kind: 'labels'; readonly seq: number; readonly labels: readonly Label[] }
  | { readonly kind: 'info'; readonly name: string; readonly message: string }
  | { readonly kind: 'error'; readonly error: string; readonly message: string }
  /** An `op` or a `t` that is not known here; the specification asks clients to pass over it. */
  | { readonly kind: 'unknown' }
  /** Not a frame: `problem` completes "the message is …", without the peer's own text. */
  | { readonly kind: 'malformed'; readonly problem: string }

/** The most labels that a message may hold; the decoder of Bluesky's own tools stops there as well. */
const maxLabelsPerFrame = 8_192
/** How deep a message may nest. One with labels nests three deep; the rest is for fields to come. */
const maxDepth = 16

/** Returns what the bytes of one message say, and that of labels alone which are labels all. Never throws. */
export function decodeLabelFrame(bytes: Uint8Array): LabelFrame {
  const frame = decodeRawLabelFrame(bytes)
  if (frame.kind !== 'labels') return frame
  const labels = frame.labels.map(parseWireLabel)
  if (labels.includes(undefined))
    return malformed('a #labels with a label that lacks a field or has a wrong one')
  return { ...frame, labels: labels as WireLabel[] }
}

/**
 * Returns what the bytes of one message say (AT Protocol event streams: a header and a body in DAG-CBOR), its labels
 * unread, so that one bad label among good ones is the caller's to judge. Never throws.
 */
export function decodeRawLabelFrame(bytes: Uint8Array): LabelFrame<unknown> {
  const items = itemsOf(bytes)
  if (items === undefined) return malformed('not DAG-CBOR')
  if (items.length !== 2) return malformed('not two CBOR items, a header and a body')
  const [header, body] = items
  if (!isMap(header) || !isMap(body)) return malformed('not two CBOR maps')
  if (header['op'] === -1) return decodeError(header, body)
  if (header['op'] !== 1) return { kind: 'unknown' }
  if (header['t'] === '#labels') return decodeLabels(body)
  if (header['t'] !== '#info') return { kind: 'unknown' }
  return { kind: 'info', name: textOf(body['name']), message: textOf(body['message']) }
}

type CborMap = Readonly<Record<string, unknown>>

function decodeLabels({ seq, labels }: CborMap): LabelFrame<unknown> {
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq)) return malformed('a #labels without a seq')
  if (!Array.isArray(labels) || labels.length > maxLabelsPerFrame)
    return malformed('a #labels without an array of labels')
  return { kind: 'labels', seq, labels }
}

function decodeError(header: CborMap, { error, message }: CborMap): LabelFrame<never> {
  if ('t' in header) return malformed('an error with a t in its header')
  if (typeof error !== 'string') return malformed('an error without a name')
  return { kind: 'error', error: textOf(error), message: textOf(message) }
}

/** Three items at most are decoded: one too many is enough to know. What nests deeper than allowed is not decoded. */
function itemsOf(bytes: Uint8Array): unknown[] | undefined {
  if (isCborDeeperThan(bytes, maxDepth)) return undefined
  try {
    return [...decodeAll(bytes).take(3)]
  } catch {
    return undefined
  }
}

function isMap(value: unknown): value is CborMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(problem: string): LabelFrame<never> {
  return { kind: 'malformed', problem }
}

/** Text of a peer, cut to what may be shown. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 300) : ''
}
