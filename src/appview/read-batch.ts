import { decodeRawLabelFrame } from '../atproto/decode-label-frame.ts'
import type { Did } from '../model/ids.ts'
import { type CheckedLabel, checkLabel } from './check-label.ts'
import type { SocketItem } from './label-socket.ts'
import type { SessionEnd } from './session-end.ts'

/** Why a frame is passed over. Its labels are lost to the AppView. */
export type FrameRefusal = 'frame-is-text' | 'frame-malformed'

/** What a handful of socket items says, up to the first that ends the connection. */
export type ReadBatch = {
  readonly hasOpened: boolean
  readonly frames: number
  /** Every label of the batch, in stream order. */
  readonly labels: readonly CheckedLabel[]
  /** The highest seq; undefined when no frame had one. */
  readonly seq: number | undefined
  readonly refusedFrames: readonly FrameRefusal[]
  /** Names of `#info` messages. */
  readonly infos: readonly string[]
  readonly end: SessionEnd | undefined
}

/** Decodes frames and judges their labels by form. Never throws. */
export function readBatch(items: readonly SocketItem[], labeler: Did): ReadBatch {
  const labels: CheckedLabel[] = []
  const refusedFrames: FrameRefusal[] = []
  const infos: string[] = []
  let [hasOpened, frames, seq]: [boolean, number, number | undefined] = [false, 0, undefined]
  let end: ReadBatch['end']
  for (const item of items) {
    if (item.kind === 'open') hasOpened = true
    else if (item.kind === 'end') end ??= { reason: item.reason, detail: item.detail }
    else if (end === undefined) {
      frames++
      const frame = item.kind === 'text' ? item : decodeRawLabelFrame(item.bytes)
      if (frame.kind === 'text') refusedFrames.push('frame-is-text')
      else if (frame.kind === 'malformed') refusedFrames.push('frame-malformed')
      else if (frame.kind === 'info') infos.push(nameOf(frame.name))
      else if (frame.kind === 'error') end = endOf(nameOf(frame.error))
      else if (frame.kind === 'labels') {
        for (const label of frame.labels) labels.push(checkLabel(label, labeler))
        seq = Math.max(seq ?? 0, frame.seq)
      }
    }
  }
  return { hasOpened, frames, labels, seq, refusedFrames, infos, end }
}

function endOf(name: string): ReadBatch['end'] {
  return { reason: name === 'FutureCursor' ? 'future-cursor' : 'error-frame', detail: name }
}

/** Names are words; what is not one goes into no log. */
function nameOf(text: string): string {
  return /^\w{1,64}$/.test(text) ? text : 'unnamed'
}
