import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { App } from '../../src/app.ts'
import type { Account } from '../../test/support/accounts.ts'
import { type Network, openNetwork } from '../../test/support/network.ts'
import type { Tell } from './demo-event.ts'
import { JobWatch } from './job-watch.ts'
import { bankPicture, demoBank, openHarrier, writeSettings } from './open-harrier.ts'
import { openSubscriber, type Subscriber } from './open-subscriber.ts'
import { withPatience } from './patience.ts'
import { drawPictures, type Picture } from './pictures.ts'
import { endpointOf, setUpLabeler } from './set-up-labeler.ts'
import { createStopwatch } from './stopwatch.ts'

/** Everything that the demo shows, running. Disposal ends it all and removes the folder. */
export interface Demo extends AsyncDisposable {
  readonly network: Network
  readonly people: Readonly<Record<'alice' | 'bob', Account>>
  readonly labeler: Account
  readonly app: App
  readonly watch: JobWatch
  readonly subscriber: Subscriber
  readonly pictures: readonly Picture[]
  /** Settings, database, log and pictures. */
  readonly folder: string
  /** Aborted when the caller's signal is, or with the error of what broke. */
  readonly end: AbortSignal
}

/** Opens the network, the labeler on it with one picture banked, and a subscriber, and tells each step. */
export async function openDemo(tell: Tell, signal: AbortSignal): Promise<Demo> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'harrier-demo-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const step = createStopwatch(tell)

  tell({ kind: 'section', title: 'A small network' })
  const network = stack.use(await openNetwork())
  step(`PLC directory ${network.plcUrl}, PDS ${network.pdsUrl}, event stream ${network.jetstreamUrl}`)
  const people = await createPeople(network)
  step('two people: alice.test and bob.test')

  tell({ kind: 'section', title: 'A labeler on it' })
  const labeler = await network.createAccount('labeler.test')
  step(`its account: ${labeler.did}`)
  const settings = await writeSettings(folder, network, labeler.did)
  const pictures = await drawPictures()
  await Promise.all(pictures.map(({ file, bytes }) => writeFile(join(folder, file), bytes)))
  step(`${pictures.length} pictures drawn`)
  const contentId = await bankPicture(settings, pictures[0].bytes, 'drawn by the demo')
  step(`${pictures[0].name} hashed and put into bank ${demoBank} as content ${contentId}`)

  const watch = new JobWatch(tell)
  const app = stack.use(await openHarrier(settings, watch))
  await waitForReader(network, signal)
  const endpoint = endpointOf(app.publicUrl)
  step(`Harrier reads the event stream and serves labels at ${endpoint}`)
  await setUpLabeler({ network, labeler, settings }, endpoint, step, signal)
  const subscriber = stack.use(openSubscriber({ serviceUrl: app.publicUrl, plcUrl: network.plcUrl, tell }))
  step('a subscriber follows its labels')

  const end = AbortSignal.any([signal, abortOnFailure(app.failure), abortOnFailure(subscriber.failure)])
  const open = stack.move()
  const close = () => open.disposeAsync()
  return {
    network,
    people,
    labeler,
    app,
    watch,
    subscriber,
    pictures,
    folder,
    end,
    [Symbol.asyncDispose]: close,
  }
}

async function createPeople(network: Network): Promise<Demo['people']> {
  return { alice: await network.createAccount('alice.test'), bob: await network.createAccount('bob.test') }
}

/** The service starts at the end of the stream: a post made before it has connected would be none of its business. */
async function waitForReader(network: Network, signal: AbortSignal): Promise<void> {
  const patience = withPatience('the service to read the event stream', signal)
  while (network.jetstream.connections === 0) {
    patience.throwIfAborted()
    await setTimeout(10)
  }
}

function abortOnFailure(failure: Promise<never>): AbortSignal {
  const controller = new AbortController()
  failure.catch((error: unknown) => controller.abort(error))
  return controller.signal
}
