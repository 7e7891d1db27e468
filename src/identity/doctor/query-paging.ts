import { type Check, combine, type Finding } from './check.ts'
import { queryLabels } from './query-labels.ts'

/** Nobody can have this address: `.invalid` is reserved, so no labeler has a label on it. */
const nowhere = 'at://did:web:nobody.invalid/tools.harrier.nothing/self'
const [wholeLimit, pageLimit] = [6, 3]

/** Pages of queryLabels follow one another, without a gap or a repeat, and end. */
export const queryPagingCheck: Check<'endpoint' | 'window'> = {
  name: 'query-paging',
  needs: ['endpoint', 'window'],
  async run({ endpoint }, deps, signal) {
    const ask = (cursor: string | undefined, limit: number, pattern = '*') =>
      queryLabels(
        endpoint,
        { uriPatterns: [pattern], limit, ...(cursor === undefined ? {} : { cursor }) },
        deps,
        signal,
      )
    const empty = await ask(undefined, 1, nowhere)
    const findings: Finding[] =
      empty.kind === 'page' && empty.cursor !== undefined ? [endless(empty.cursor)] : []
    const whole = await ask(undefined, wholeLimit)
    if (whole.kind === 'refused') {
      return combine(
        [
          ...findings,
          { status: 'unknown', says: `it does not list all its labels (${whole.status}), which it need not` },
        ],
        '',
      )
    }
    const first = await ask(undefined, pageLimit)
    const second =
      first.kind === 'page' && first.cursor !== undefined ? await ask(first.cursor, pageLimit) : undefined
    if (
      whole.kind === 'broken' ||
      first.kind !== 'page' ||
      (second !== undefined && second.kind !== 'page')
    ) {
      const broken = [whole, first, second].find((answer) => answer?.kind === 'broken')
      return {
        status: 'fail',
        says: broken?.kind === 'broken' ? broken.says : 'some pages are refused',
        fix: toOrder,
      }
    }
    const paged = [...first.labels, ...(second?.labels ?? [])]
    const isSame = JSON.stringify(paged) === JSON.stringify(whole.labels)
    if (!isSame)
      findings.push({
        status: 'warn',
        says: 'two pages do not hold what one of twice the size holds: a reader misses labels',
        fix: toOrder,
      })
    return combine(findings, 'pages follow one another and end')
  },
}

const toOrder =
  'Order queryLabels by seq, let cursor be the last seq of the page, and send only what lies above it'

function endless(cursor: string): Finding {
  return {
    status: 'warn',
    says: `an empty page of queryLabels carries the cursor ${JSON.stringify(cursor.slice(0, 40))}: a reader that follows it never ends`,
    fix: 'Leave the cursor out of an empty page',
  }
}
