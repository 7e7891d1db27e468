import type { RescanGap } from '../model/rescan.ts'

type Page = {
  readonly records: readonly { readonly uri: string }[]
  readonly refused: number
  readonly cursor: string | undefined
}

/** Empty pages in a row that a host may give before it is believed that no more comes. */
const maxEmptyPages = 20

/**
 * The pages of one collection that were seen, to notice a host that leads in circles or nowhere. A loop is noticed by a cursor
 * that comes again, or by a page that begins as an earlier one did, whatever its cursor says.
 */
export class PageTrail {
  readonly #cursors = new Set<string>()
  readonly #firsts = new Set<string>()
  #emptyPages = 0

  /** `cursor` is where the first page begins. */
  constructor(cursor: string | undefined) {
    if (cursor !== undefined) this.#cursors.add(cursor)
  }

  /** Tells whether an earlier page began as this one does. */
  hasSeen({ records }: Pick<Page, 'records'>): boolean {
    const [first] = records
    return first !== undefined && this.#firsts.has(first.uri)
  }

  /** Takes the next page and returns why the collection is to be left behind it, if it is. */
  follow({ records, refused, cursor }: Page): RescanGap | undefined {
    if (this.hasSeen({ records })) return 'cursor-loop'
    for (const { uri } of records.slice(0, 1)) this.#firsts.add(uri)
    if (cursor === undefined) return undefined
    if (this.#cursors.has(cursor)) return 'cursor-loop'
    this.#cursors.add(cursor)
    this.#emptyPages = records.length + refused === 0 ? this.#emptyPages + 1 : 0
    return this.#emptyPages > maxEmptyPages ? 'empty-pages' : undefined
  }
}
