import type { Kysely } from 'kysely'
import type { ApiAction, ApiActionType } from '../model/api-action.ts'
import type { Row, Schema } from './schema.ts'

/** What callers of the REST API had done: each action of a key once, by the id that the caller gave it. */
export interface ApiActionStore {
  find(keyId: number, actionId: string): Promise<ApiAction | undefined>
  /** Adds an action; one that is there already stays as it is. */
  add(keyId: number, action: ApiAction): Promise<void>
  /** Returns the type of the newest action on a content, or undefined. */
  latest(contentId: string): Promise<ApiActionType | undefined>
}

/** Returns the action table's functions over a connection or a transaction. */
export function createApiActionStore(db: Kysely<Schema>): ApiActionStore {
  return {
    async find(keyId, actionId) {
      const row = await db
        .selectFrom('api_actions')
        .selectAll()
        .where('key_id', '=', keyId)
        .where('action_id', '=', actionId)
        .executeTakeFirst()
      return row && actionOfRow(row)
    },

    async add(keyId, { actionId, type, contentId, details, at, review }) {
      await db
        .insertInto('api_actions')
        .values({
          key_id: keyId,
          action_id: actionId,
          type,
          content_id: contentId,
          details,
          at,
          review_id: review ?? null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },

    async latest(contentId) {
      const row = await db
        .selectFrom('api_actions')
        .select('type')
        .where('content_id', '=', contentId)
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row?.type
    },
  }
}

function actionOfRow({ action_id, type, content_id, details, at, review_id }: Row<'api_actions'>): ApiAction {
  return { actionId: action_id, type, contentId: content_id, details, at, review: review_id ?? undefined }
}
