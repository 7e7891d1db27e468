import type { EffectAction, NewEffect, StoredEffect } from '../model/effect.ts'
import type { AtUri, Cid, Did } from '../model/ids.ts'
import type { NewRow, Row } from './schema.ts'

/** Returns the row in which an effect is kept. */
export function rowOfEffect(effect: NewEffect): NewRow<'effects'> {
  const { cause } = effect
  return {
    kind: effect.kind,
    target: effect.target,
    subject: effect.subject,
    did: effect.did,
    uri: effect.uri ?? null,
    record_cid: effect.recordCid ?? null,
    blob_cid: effect.blobCid ?? null,
    detail: effect.detail,
    action: JSON.stringify(effect.action),
    state: effect.state,
    because: effect.because ?? null,
    actor: effect.actor,
    job_id: effect.jobId ?? null,
    review_id: effect.reviewId ?? null,
    bank_id: cause?.bankId ?? null,
    bank: cause?.bank ?? null,
    content_id: cause?.contentId ?? null,
    distance: cause?.distance ?? null,
    created_at: effect.createdAt,
    settled_at: effect.state === 'done' ? effect.createdAt : null,
  }
}

/** Returns the effect that a row holds. */
export function effectOfRow(row: Row<'effects'>): StoredEffect {
  const { bank_id: bankId, bank, content_id: contentId, distance } = row
  const isCaused = bankId !== null && bank !== null && contentId !== null && distance !== null
  return {
    id: row.id,
    kind: row.kind,
    target: row.target,
    subject: row.subject,
    did: row.did as Did,
    uri: (row.uri ?? undefined) as AtUri | undefined,
    recordCid: (row.record_cid ?? undefined) as Cid | undefined,
    blobCid: (row.blob_cid ?? undefined) as Cid | undefined,
    detail: row.detail,
    action: JSON.parse(row.action) as EffectAction,
    state: row.state,
    because: (row.because ?? undefined) as StoredEffect['because'],
    outcome: row.outcome ?? undefined,
    actor: row.actor,
    jobId: row.job_id ?? undefined,
    reviewId: row.review_id ?? undefined,
    cause: isCaused ? { bankId, bank, contentId, distance } : undefined,
    createdAt: row.created_at,
    settledAt: row.settled_at ?? undefined,
    undoneAt: row.undone_at ?? undefined,
    undoneBy: row.undone_by ?? undefined,
  }
}
