/** Actions as messages of the outbox: the payload is the action as JSON, or for an endpoint the event as it is sent. */
import { z } from 'zod'
import { type AtUri, type Cid, type Did, parseAtUri, parseBlobCid, parseCid, parseDid } from './ids.ts'
import type { NewOutboxMessage, OutboxMessage } from './outbox.ts'
import { maxBecauseChars, type SubjectAction, type TargetAction, type TargetFacts } from './target.ts'

/**
 * Returns the message that has a target carry out an action: one line per target, in order for each account.
 */
export function createActionMessage(
  { id, kind }: Pick<TargetFacts, 'id' | 'kind'>,
  action: SubjectAction,
  at: string,
): NewOutboxMessage {
  return {
    kind,
    target: id,
    messageId: action.externalId,
    event: action.kind,
    subject: action.subject.did,
    payload: JSON.stringify(action),
    createdAt: at,
  }
}

/** The most blobs that an action names beside a record, and label values that it creates, or negates. */
const maxBlobs = 100
const maxVals = 20

const did = z.custom<Did>((value) => parseDid(value) !== undefined)
const uri = z.custom<AtUri>((value) => parseAtUri(value) !== undefined)
const cid = z.custom<Cid>((value) => parseCid(value) !== undefined)
const blobCid = z.custom<Cid>((value) => parseBlobCid(value) !== undefined)
const vals = z.array(z.string().min(1).max(128)).max(maxVals)

const subjectSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('account'), did }),
  z.strictObject({ kind: z.literal('record'), did, uri, cid, blobs: z.array(blobCid).max(maxBlobs) }),
  z.strictObject({
    kind: z.literal('blob'),
    did,
    cid: blobCid,
    uri: uri.optional(),
    recordCid: cid.optional(),
  }),
])

const shared = {
  subject: subjectSchema,
  effectId: z.int().positive(),
  externalId: z.string().regex(/^[\w.:-]{1,128}$/),
  because: z.string().max(maxBecauseChars),
}

const actionSchema: z.ZodType<SubjectAction> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('takedown'), ...shared }),
  z.strictObject({ kind: z.literal('restore'), ...shared }),
  z.strictObject({
    kind: z.literal('report'),
    ...shared,
    reasonType: z.string().regex(/^[\w.-]{1,200}(?:#\w{1,100})?$/),
  }),
  z.strictObject({
    kind: z.literal('label'),
    ...shared,
    create: vals,
    negate: vals,
    expiresAt: z.iso.datetime().optional(),
  }),
  z.strictObject({ kind: z.literal('divert'), ...shared }),
])

/** Returns the action in the payload of a message that is not for an endpoint. @throws when it is none. */
export function parseAction(payload: string): SubjectAction {
  return actionSchema.parse(JSON.parse(payload))
}

/** Returns what a message asks of its target; undefined where this version cannot read it, which another may have written. */
export function actionOfMessage({
  kind,
  messageId,
  payload,
}: Pick<OutboxMessage, 'kind' | 'messageId' | 'payload'>): TargetAction | undefined {
  if (kind === 'webhook') return { kind: 'tell', externalId: messageId, body: payload }
  try {
    return parseAction(payload)
  } catch {
    return undefined
  }
}
