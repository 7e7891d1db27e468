import type { Log } from '../lib/logger.ts'
import type { Did } from '../model/ids.ts'
import { type SessionEnd, sessionEnds } from './session-end.ts'

/** The log of one labeler: a line per change of state, and no label's content. */
export interface LabelerLog {
  /** The stream is open and the labeler accepts where we resume. */
  connected(fields: { readonly endpoint: string; readonly cursor: number | undefined }): void
  /** A connection, or an attempt at one, ended. The same end again and again is one line. */
  disconnected(end: SessionEnd, waitMs: number): void
  /** Labels or frames were refused, for these reasons; a line at most every ten seconds counts all since the last. */
  refused(reasons: readonly string[]): void
  /** The labeler said something about the stream, such as `OutdatedCursor`; a line at most every ten seconds. */
  info(name: string, cursor: number | undefined): void
  /** The labeler is not followed any more. */
  ended(end: SessionEnd, cursor: number | undefined): void
  /** Writes what waits to be written. */
  flush(): void
}

/** What a labeler can cause at will is logged no more often. */
const minIntervalMs = 10_000

/** Returns a labeler's log; `now` is the milliseconds of a clock that only rises. */
export function createLabelerLog(logger: Log, labeler: Did, now: () => number): LabelerLog {
  let state = ''
  let refusals: Record<string, number> = {}
  let refusalsLoggedAt = -Infinity
  let infoLoggedAt = -Infinity

  const flush = (): void => {
    if (Object.keys(refusals).length === 0) return
    logger.warn({ labeler, refused: refusals }, 'appview.refused')
    refusals = {}
    refusalsLoggedAt = now()
  }
  return {
    connected(fields) {
      const level = state === 'connected' ? 'debug' : 'info'
      state = 'connected'
      logger[level]({ labeler, ...fields }, 'appview.connected')
    },
    disconnected({ reason, detail }, waitMs) {
      const isNews = state !== reason && reason !== 'renewed'
      if (reason !== 'renewed') state = reason
      const fields = { labeler, reason, detail, means: sessionEnds[reason], waitMs }
      logger[isNews ? 'warn' : 'debug'](fields, 'appview.disconnected')
    },
    refused(reasons) {
      for (const reason of reasons) refusals[reason] = (refusals[reason] ?? 0) + 1
      if (now() - refusalsLoggedAt >= minIntervalMs) flush()
    },
    info(name, cursor) {
      if (now() - infoLoggedAt < minIntervalMs) return
      infoLoggedAt = now()
      const means = name === 'OutdatedCursor' ? outdatedCursor : undefined
      logger.warn({ labeler, name, cursor, means }, 'appview.info')
    },
    ended({ reason, detail }, cursor) {
      const isAsWanted = reason === 'stopped' || reason === 'caught-up'
      const fields = { labeler, reason, detail, means: sessionEnds[reason], cursor }
      logger[isAsWanted ? 'info' : 'warn'](fields, 'appview.ended')
    },
    flush,
  }
}

const outdatedCursor =
  'the labeler no longer keeps all that came after our cursor: what it still has follows, what it had dropped is missed'
