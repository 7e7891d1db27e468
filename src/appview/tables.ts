import type { ColumnType, Generated } from 'kysely'
import type { LabelState } from './label-state.ts'

/** The tables that we touch: the AppView's `label`, as @atproto/bsky makes it, and our own `label_cursor`. */
export type AppviewTables = {
  readonly label: LabelState & { readonly src: string }
  readonly label_cursor: {
    readonly labeler: string
    /** The highest seq whose labels are in the table. */
    cursor: number
    updated_at: ColumnType<Date, never, unknown> & Generated<Date>
  }
}
