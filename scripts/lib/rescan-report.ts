import { type RescanPlace, type RescanScans, totalsOf } from '../../src/model/rescan.ts'
import { createProgress, type Progress } from './progress.ts'
import type { Terminal } from './terminal.ts'

/** Tells a person how a rescan goes on: a line that changes on a terminal, else one now and then. */
export type RescanReport = {
  onPlace(place: RescanPlace & { readonly queued?: number }): void
  onScans(scans: RescanScans): void
  /** Tells that the host is left in peace for a while, and why. */
  onWait(waitMs: number, reason: string): void
}

/** Between two lines where there is no terminal, in milliseconds. */
const lineMs = 10_000
/** How long nothing may be looked at before it is said that the service has to run. */
const idleMs = 10_000

/** Returns a report. `now` is in milliseconds. */
export function createRescanReport(
  terminal: Pick<Terminal, 'err' | 'progress' | 'isLive'>,
  now: () => number = () => performance.now(),
): RescanReport {
  let toldAt = now()
  let changedAt = now()
  let waiting: number | undefined
  let showRecords: ((progress: Progress) => void) | undefined
  let showScans: ((progress: Progress) => void) | undefined
  let more = ''
  const withMore = { progress: (line: string) => terminal.progress(`${line}  ${more}`) }

  function tell(line: string): void {
    if (terminal.isLive || now() < toldAt + lineMs) return
    toldAt = now()
    terminal.err(`harrier: ${line}`)
  }

  return {
    onPlace(place) {
      const { records, images } = totalsOf(place)
      const { collection = 'nothing' } = place.collections[place.index] ?? {}
      const progress = { count: records, done: place.index, total: undefined }
      showRecords ??= createProgress(withMore, 'records', progress)
      more = `${images} images${place.queued === undefined ? '' : `, ${place.queued} queued`}  ${collection}`
      showRecords(progress)
      tell(`${records} records looked at, ${more}`)
    },
    onScans(scans) {
      const done = scans.images - scans.waiting
      const progress = { count: done, done, total: scans.images }
      showScans ??= createProgress(withMore, 'images', progress)
      more = `${scans.matched} matched`
      showScans(progress)
      tell(`${done} of ${scans.images} images looked at by the service, ${more}`)
      if (scans.waiting !== waiting) [waiting, changedAt] = [scans.waiting, now()]
      else if (now() > changedAt + idleMs) {
        changedAt = Number.POSITIVE_INFINITY
        terminal.err(
          `harrier: ${scans.waiting} images wait and none was looked at in the last ${idleMs / 1000} s; ` +
            'the service has to run on this data folder for that (harrier serve)',
        )
      }
    },
    onWait(waitMs, reason) {
      terminal.err(`harrier: ${reason}; asking again in ${Math.ceil(waitMs / 1000)} s`)
    },
  }
}
