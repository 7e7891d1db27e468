import type { ApiKey } from '../model/api-key.ts'
import type { Database } from '../store/database.ts'
import { digestOfApiKeySecret, generateApiKeySecret } from './api-key-secret.ts'

/** What an operator decides about a new key. */
export type ApiKeyRequest = Pick<ApiKey, 'name' | 'scopes' | 'requestsPerMinute'>

/** A key that was made, with the secret, which can be shown now and never again. */
export type CreatedApiKey = { readonly key: ApiKey; readonly secret: string }

/** What the operator does with keys. Every change is one transaction with its audit row. */
export interface ApiKeys {
  create(request: ApiKeyRequest): Promise<CreatedApiKey>
  /** Returns every key, revoked ones too, by id. */
  list(): Promise<ApiKey[]>
  /** Revokes a key: the next request with it is refused. Undefined when none of that id is good. */
  revoke(id: number): Promise<ApiKey | undefined>
}

/** What keeping keys needs. */
export type ApiKeysDeps = {
  readonly database: Pick<Database, 'transaction' | 'apiKeys'>
  /** Who changes them, as the audit has it. */
  readonly actor: string
  readonly now: () => Date
}

/** Returns the keeping of the keys of the REST API. */
export function createApiKeys({ database, actor, now }: ApiKeysDeps): ApiKeys {
  return {
    async create(request) {
      const secret = generateApiKeySecret()
      const digest = digestOfApiKeySecret(secret) as string
      const createdAt = now().toISOString()
      const key = await database.transaction(async ({ apiKeys, audit }) => {
        const made = await apiKeys.create({ ...request, digest, createdAt })
        const { name, scopes, requestsPerMinute } = made
        const details = { name, scopes, requestsPerMinute }
        await audit.append([
          { at: createdAt, actor, action: 'api-key.created', subject: subjectOf(made), details },
        ])
        return made
      })
      return { key, secret }
    },

    list: () => database.apiKeys.list(),

    revoke: (id) =>
      database.transaction(async ({ apiKeys, audit }) => {
        const at = now().toISOString()
        const revoked = await apiKeys.revoke(id, at)
        if (revoked) {
          const details = { name: revoked.name }
          await audit.append([{ at, actor, action: 'api-key.revoked', subject: subjectOf(revoked), details }])
        }
        return revoked
      }),
  }
}

/** What the audit calls a key. */
function subjectOf({ id }: ApiKey): string {
  return `api-key:${id}`
}
