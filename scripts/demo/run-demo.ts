/**
 * The demo's story: a small network, a labeler on it, and what becomes of four pictures that two people post.
 *
 * Everything is real apart from its size: the PLC directory and the PDS are the reference implementations, the service
 * is configured by variables and opened as `npm start` does it, and the subscriber is a plain WebSocket client that
 * checks signatures against the DID document. Only the event stream is a stand-in, for Jetstream is a Go program.
 */
import type { DemoResult, Tell } from './demo-event.ts'
import { judgePicture } from './judge-picture.ts'
import { type Demo, openDemo } from './open-demo.ts'
import { withPatience } from './patience.ts'
import type { Picture } from './pictures.ts'
import { formatThingsToTry } from './things-to-try.ts'

/** What the demo is to do. */
export type DemoOptions = {
  /** Tells each step as it happens. */
  readonly tell: Tell
  /** Keep everything running after the summary, until the signal. */
  readonly isKept: boolean
  /** Ends the demo early, or ends the keeping. */
  readonly signal: AbortSignal
}

/** Runs the demo and resolves to true when every picture ended as expected; by then all it started has ended. */
export async function runDemo({ tell, isKept, signal }: DemoOptions): Promise<boolean> {
  const startedAt = performance.now()
  await using demo = await openDemo(tell, signal)
  const results: DemoResult[] = []
  for (const picture of demo.pictures) {
    tell({ kind: 'section', title: `${picture.poster}.test posts ${picture.name}` })
    results.push(await postPicture(demo, picture))
  }
  tell({ kind: 'section', title: 'Summary' })
  tell({ kind: 'result', results })
  tell({
    kind: 'note',
    text: `\n${verdictOn(results)}, in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`,
  })
  if (isKept) {
    tell({ kind: 'note', text: formatThingsToTry(demo) })
    await untilAborted(demo.end)
    if (!signal.aborted) throw demo.end.reason
  } else {
    tell({ kind: 'note', text: 'npm run demo -- --keep leaves everything running, and says what to try.' })
  }
  return results.every((result) => result.isAsExpected)
}

/** Posts a picture and follows it to its end: the job's outcome, and the label at the subscriber if there is one. */
async function postPicture(demo: Demo, picture: Picture): Promise<DemoResult> {
  const { network, people, watch, subscriber, app } = demo
  const patience = withPatience(`the outcome of ${picture.name}`, demo.end)
  const { uri } = await network.post(people[picture.poster], picture.name, [picture.bytes])
  const { outcome } = await watch.ends.wait(uri, patience)
  const isLabeled = (outcome?.labels.length ?? 0) > 0
  const label = isLabeled ? await subscriber.labels.wait(uri, patience) : undefined
  return judgePicture({ picture, uri, outcome, label }, app.publicUrl)
}

function verdictOn(results: readonly DemoResult[]): string {
  return `${results.filter((result) => result.isAsExpected).length} of ${results.length} as expected`
}

function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}
