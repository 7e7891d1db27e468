import type { Kysely } from 'kysely'
import { type ApiKey, apiScopes } from '../model/api-key.ts'
import type { Row, Schema } from './schema.ts'

/** What a new key is made of. `digest` is the SHA-256 of the secret, 64 lower-case hex digits. */
export type NewApiKey = Pick<ApiKey, 'name' | 'scopes' | 'requestsPerMinute' | 'createdAt'> & {
  readonly digest: string
}

/** Keys of the REST API. Only a digest of each is kept, so that the file gives no key away. */
export interface ApiKeyStore {
  create(key: NewApiKey): Promise<ApiKey>
  /** Returns every key, revoked ones too, by id. */
  list(): Promise<ApiKey[]>
  /** Returns the key with that digest, revoked or not, or undefined. */
  findByDigest(digest: string): Promise<ApiKey | undefined>
  /** Remembers that a key was used. */
  touch(id: number, at: string): Promise<void>
  /** Revokes a key. Returns it, or undefined, having changed nothing, when none of that id is good. */
  revoke(id: number, at: string): Promise<ApiKey | undefined>
}

/** Returns the key table's functions over a connection or a transaction. */
export function createApiKeyStore(db: Kysely<Schema>): ApiKeyStore {
  return {
    async create({ digest, name, scopes, requestsPerMinute, createdAt }) {
      const row = await db
        .insertInto('api_keys')
        .values({
          digest,
          name,
          scopes: scopes.join(' '),
          requests_per_minute: requestsPerMinute,
          created_at: createdAt,
        })
        .returningAll()
        .executeTakeFirstOrThrow()
      return keyOfRow(row)
    },

    async list() {
      return (await db.selectFrom('api_keys').selectAll().orderBy('id').execute()).map(keyOfRow)
    },

    async findByDigest(digest) {
      const row = await db.selectFrom('api_keys').selectAll().where('digest', '=', digest).executeTakeFirst()
      return row && keyOfRow(row)
    },

    async touch(id, at) {
      await db.updateTable('api_keys').set({ last_used_at: at }).where('id', '=', id).execute()
    },

    async revoke(id, at) {
      const row = await db
        .updateTable('api_keys')
        .set({ revoked_at: at })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .returningAll()
        .executeTakeFirst()
      return row && keyOfRow(row)
    },
  }
}

function keyOfRow(row: Row<'api_keys'>): ApiKey {
  const scopes = row.scopes.split(' ')
  return {
    id: row.id,
    name: row.name,
    scopes: apiScopes.filter((scope) => scopes.includes(scope)),
    requestsPerMinute: row.requests_per_minute,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
  }
}
