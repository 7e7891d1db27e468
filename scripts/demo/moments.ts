import type { Effect } from '../../src/model/effect.ts'
import type { JobOutcome, ScanJob } from '../../src/model/job.ts'
import { type ScanResult, unavailableReasons, unscannableReasons } from '../../src/model/scan.ts'
import type { DemoEvent } from './demo-event.ts'
import { timeOfPost } from './time-of-post.ts'

/** One moment in the life of a posted image. */
export type Moment = Omit<Extract<DemoEvent, { kind: 'moment' }>, 'kind' | 'uri'>

/**
 * Returns a finished job's steps one after the other. It started and ended so many milliseconds after the post; the
 * steps up to the blob are counted from the start, those from the hashes on back from the end, so that what an image
 * waited for a free process shows before `hashed`.
 */
export function momentsOf(job: ScanJob, outcome: JobOutcome, startMs: number, endMs: number): Moment[] {
  const { scan, timings } = outcome
  const seenMs = Date.parse(job.seenAt) - timeOfPost(job.image.uri)
  const fetchedMs = startMs + timings.resolveMs + timings.fetchMs
  const matchedMs = endMs - timings.signMs - timings.applyMs
  const hashedMs = matchedMs - timings.matchMs
  return [
    {
      what: 'seen',
      text: `the event stream names an image, ${job.image.size ?? 'some'} bytes`,
      sincePostMs: seenMs,
    },
    ...scanMoments(scan, fetchedMs, hashedMs),
    ...matchMoments(outcome, matchedMs),
    ...outcomeMoments(outcome, endMs),
  ]
}

function scanMoments(scan: ScanResult, fetchedMs: number, hashedMs: number): Moment[] {
  const hashed = (text: string): Moment => ({ what: 'hashed', text, sincePostMs: hashedMs })
  if (scan.kind === 'digest-only') return [hashed('its CID is a SHA-256 that is banked: nothing to fetch')]
  if (scan.kind === 'unavailable') {
    return [{ what: 'failed', text: unavailableReasons[scan.reason], sincePostMs: fetchedMs }]
  }
  if (scan.kind === 'unscannable') {
    return [{ what: 'failed', text: unscannableReasons[scan.reason], sincePostMs: hashedMs }]
  }
  const { format, width, height } = scan.facts
  const quality = scan.hashes.find((hash) => hash.type === 'pdq')?.quality ?? 0
  const text = `${format} ${width}x${height}, PDQ quality ${quality}`
  if (scan.isCached) return [hashed(`${text}, known from before`)]
  const fetchedText = 'the blob, from the account’s own host; its bytes are its CID’s'
  return [{ what: 'fetched', text: fetchedText, sincePostMs: fetchedMs }, hashed(text)]
}

function matchMoments({ scan, matches }: JobOutcome, sincePostMs: number): Moment[] {
  const [nearest] = matches
  if (nearest) {
    const { contentId, bank, hashType, distance } = nearest
    return [
      {
        what: 'matched',
        text: `content ${contentId} of bank ${bank}, ${hashType} distance ${distance}`,
        sincePostMs,
      },
    ]
  }
  if (scan.kind !== 'hashed') return []
  return [{ what: 'decided', text: 'near nothing that is banked: nothing to do', sincePostMs }]
}

function outcomeMoments({ effects, labels, isApplied }: JobOutcome, sincePostMs: number): Moment[] {
  if (!isApplied)
    return [{ what: 'decided', text: 'the record is gone meanwhile: nothing was done', sincePostMs }]
  return [
    ...labels.map((label): Moment => {
      const text = `label ${label.val}, seq ${label.seq}, durable together with the job’s end`
      return { what: 'signed', text, sincePostMs }
    }),
    ...effects.flatMap((effect) => withheldMoments(effect, sincePostMs)),
  ]
}

function withheldMoments(effect: Effect, sincePostMs: number): Moment[] {
  if (effect.kind !== 'withheld') return []
  const because = effect.because === 'withdrawn' ? 'a person withdrew it' : 'it holds already'
  return [{ what: 'decided', text: `no label ${effect.val}: ${because}`, sincePostMs }]
}
