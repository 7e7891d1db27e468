import type { Did } from './ids.ts'

/** What a caller of the APIs may be allowed: a key, or a service, can do what its scopes name, and nothing else. */
export const apiScopes = ['hash', 'match', 'act', 'read', 'admin'] as const

/** One member of `apiScopes`. */
export type ApiScope = (typeof apiScopes)[number]

/** What each scope lets a caller do, for people. */
export const apiScopeMeanings: Readonly<Record<ApiScope, string>> = {
  hash: 'hash images',
  match: 'look hashes up, and ask whether content has matched',
  act: 'report, label, and queue content for review',
  read: 'read the status, the metrics and the audit log',
  admin: 'look at banks and what they hold, and change them; see what is sent to others, and send it again',
}

/** Requests that a key may make in a minute, unless told. */
export const defaultApiKeyRate = 600

/** A key of the REST API, without the secret, which is kept nowhere. */
export type ApiKey = {
  readonly id: number
  /** What the operator calls it: 1 to 100 characters; never logged, kept in the audit. */
  readonly name: string
  /** At least one, in the order of `apiScopes`. */
  readonly scopes: readonly ApiScope[]
  /** Requests that it may make in a minute. */
  readonly requestsPerMinute: number
  /** ISO 8601. */
  readonly createdAt: string
  /** ISO 8601, up to a minute behind; undefined when it was never used. */
  readonly lastUsedAt: string | undefined
  /** ISO 8601; undefined while it is good. */
  readonly revokedAt: string | undefined
}

/** An account or a service that may call without a key, and what for. */
export type ServiceCaller = {
  readonly did: Did
  /** At least one, in the order of `apiScopes`. */
  readonly scopes: readonly ApiScope[]
}
