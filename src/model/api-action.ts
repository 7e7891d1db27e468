/** What a caller of the REST API can ask to be done about content, in the words of the integration guide. */
export const apiActionTypes = ['log', 'review', 'takedown', 'report_ncmec'] as const

/** One member of `apiActionTypes`. */
export type ApiActionType = (typeof apiActionTypes)[number]

/** An action that is asked for. */
export type ApiActionRequest = {
  /** What the caller calls it; the same again is the same action. */
  readonly actionId: string
  readonly type: ApiActionType
  /** A DID, a record's URI, a blob's CID, or an id of the caller's own. */
  readonly contentId: string
  /** The kind of event that it comes of, where it comes of one. */
  readonly event?: string
  /** What the caller says of the match. */
  readonly match: { readonly bank?: string; readonly distance?: number }
}

/** An action that was done. */
export type ApiAction = Pick<ApiActionRequest, 'actionId' | 'type' | 'contentId'> & {
  /** What came of it, for people. */
  readonly details: string
  /** ISO 8601. */
  readonly at: string
  /** The number of the review that it opened or joined. */
  readonly review?: number | undefined
}

/** In place of a key's number: callers on this machine, where they need none. */
export const loopbackCallerId = 0
/** In place of a key's number: senders of webhooks, who sign. */
export const webhookCallerId: number = -1

/** Returns whom the audit names for a key's number, or for who has none. */
export function actorOfCaller(keyId: number): string {
  if (keyId === webhookCallerId) return 'webhook'
  return keyId === loopbackCallerId ? 'loopback' : `api-key:${keyId}`
}
