import { type ImportPlace, type Rejection, rejectReasons } from '../../src/model/bank-file.ts'
import type { ImportResult } from '../../src/tools.ts'
import { createProgress, type Progress } from './progress.ts'
import { openRejectsFile, type RejectsFile } from './rejects-file.ts'
import type { Terminal } from './terminal.ts'

/** Rejected lines that are told on standard error. */
export const maxShownRejections = 20

/** Tells a person, and the file of rejected lines, how an import goes on. */
export interface ImportReport extends AsyncDisposable {
  /** The last place that is durable. */
  readonly place: ImportPlace | undefined
  onPlace(place: ImportPlace): Promise<void>
  onRejected(rejections: readonly Rejection[]): Promise<void>
  /** Tells what the counts alone do not. */
  finish(result: ImportResult): void
}

/** Returns a report on an import of `size` bytes, where that is known, with the rejected lines in a file if one is named. */
export function createImportReport(
  terminal: Pick<Terminal, 'err' | 'progress'>,
  size: number | undefined,
  rejectsPath: string | undefined,
): ImportReport {
  let place: ImportPlace | undefined
  let rejects: RejectsFile | undefined
  let show: ((progress: Progress) => void) | undefined
  let shown = 0

  return {
    get place() {
      return place
    },
    async onPlace(reached) {
      const progress = { count: reached.line, done: reached.offset, total: size }
      if (place === undefined) {
        show = createProgress(terminal, 'lines', progress)
        if (reached.line > 0) terminal.err(`harrier: going on behind line ${reached.line}`)
        if (rejectsPath !== undefined) rejects = await openRejectsFile(rejectsPath, reached.counts.rejected)
      }
      place = reached
      show?.(progress)
    },
    async onRejected(rejections) {
      for (const { line, reason } of rejections.slice(0, maxShownRejections - shown))
        terminal.err(`harrier: line ${line} rejected: ${rejectReasons[reason]}`)
      shown = Math.min(maxShownRejections, shown + rejections.length)
      await rejects?.append(rejections)
    },
    finish({ rejected, leftOut, ignoredColumns }) {
      if (rejected > shown) {
        const advice =
          rejectsPath === undefined ? '; --rejects FILE lists all of them' : ` are in ${rejectsPath}`
        terminal.err(`harrier: ${rejected} lines rejected in all${advice}`)
      }
      if (leftOut > 0)
        terminal.err(
          `harrier: ${leftOut} PDQ hashes left out: quality below the bank’s; their digests are added`,
        )
      if (ignoredColumns.length > 0)
        terminal.err(
          `harrier: columns passed over, since their names are not known: ${ignoredColumns.slice(0, 20).join(', ')}`,
        )
    },
    async [Symbol.asyncDispose]() {
      await rejects?.[Symbol.asyncDispose]()
    },
  }
}
