import type { Generated } from 'kysely'
import type { OutboxState } from '../model/outbox.ts'
import type { TargetKind } from '../model/target.ts'

/** `outbox`: what is to be sent to others; unique on (kind, target, message_id). `run_after` is epoch milliseconds. */
export type OutboxTable = {
  id: Generated<number>
  kind: TargetKind
  target: string
  message_id: string
  event: string
  subject: string
  payload: string
  created_at: string
  state: OutboxState
  attempts: number
  run_after: number
  outcome: string | null
  done_at: string | null
}

/** `announced_images`: images that apps announced by webhook, each delivery once. `run_after` is epoch milliseconds. */
export type AnnouncedImageTable = {
  id: Generated<number>
  delivery_id: string
  content_id: string
  /** Empty once the image was looked at. */
  url: string
  received_at: string
  state: Generated<'pending' | 'done' | 'dead'>
  attempts: Generated<number>
  run_after: number
  outcome: string | null
  done_at: string | null
  blob_cid: string | null
  is_matched: Generated<number>
  /** 1 once a person judged that the content matches nothing. */
  is_reversed: Generated<number>
}
