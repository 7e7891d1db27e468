import { AppError, messageOf } from './lib/errors.ts'
import type { Log } from './lib/logger.ts'
import type { Metrics } from './metrics.ts'
import type { JobOutcome, ScanJob } from './model/job.ts'
import type { Match } from './model/match.ts'
import { outcomeOf } from './model/scan.ts'
import type { JobObserver } from './worker.ts'

/**
 * Returns an observer that writes one canonical line per attempt, the same keys every time, and counts it. Lines carry no
 * hash and no text of a user.
 */
export function createJobLog(log: Log, metrics: Metrics, now: () => Date): JobObserver {
  return {
    done(job, outcome, durationMs) {
      metrics.requested('stream')
      metrics.jobDone(outcome, job.isRescan ? undefined : (now().getTime() - Date.parse(job.seenAt)) / 1000)
      log.info(lineOf(job, outcome, durationMs), 'job.done')
    },

    failed(job, error, willRetry, durationMs) {
      metrics.jobFailed(error instanceof AppError ? error.kind : 'fault', willRetry)
      const { did, uri, cid } = job.image
      const name = error instanceof Error ? error.name : 'unknown'
      const line = {
        did,
        uri,
        cid,
        error: name,
        message: messageOf(error),
        attempts: job.attempts,
        durationMs: rounded(durationMs),
      }
      if (willRetry) log.debug(line, 'job.retried')
      else if (error instanceof AppError) log.warn(line, 'job.dead')
      else log.error({ ...line, err: error }, 'job.dead')
    },
  }
}

function lineOf(
  { image, attempts }: ScanJob,
  outcome: JobOutcome,
  durationMs: number,
): Record<string, unknown> {
  const { scan, matches, effects, labels, queued, timings, isApplied } = outcome
  return {
    did: image.did,
    uri: image.uri,
    cid: image.cid,
    outcome: isApplied ? outcomeOf(scan) : 'cancelled',
    isCached: 'isCached' in scan && scan.isCached,
    matches: matches.length,
    nearest: matches[0]?.distance ?? null,
    bank: matches[0]?.bank ?? null,
    look: lookOf(matches[0]),
    effects: effects.map((effect) => ('val' in effect ? `${effect.kind}:${effect.val}` : effect.kind)),
    seqs: labels.map((label) => label.seq),
    queued,
    attempts,
    durationMs: rounded(durationMs),
    timings: Object.fromEntries(Object.entries(timings).map(([name, ms]) => [name, rounded(ms)])),
  }
}

/** Which look at the image matched, and by which hasher; null where a digest did, or nothing. */
function lookOf(match: Match | undefined): string | null {
  return match?.hashType === 'pdq' ? `${match.variant} ${match.profile}` : null
}

/** Milliseconds to a tenth: what a person reads. */
function rounded(ms: number): number {
  return Math.round(ms * 10) / 10
}
