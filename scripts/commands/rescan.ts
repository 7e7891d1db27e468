import { parseConfig } from '../../src/config/config.ts'
import { readEnv } from '../../src/config/env.ts'
import { type Rescan, type RescanPlace, type RescanScans, rescanGaps } from '../../src/model/rescan.ts'
import type { OpenRescans } from '../../src/open-rescans.ts'
import { abortOnSignals } from '../lib/abort-on-signals.ts'
import { type Arguments, hasOption, integerOption, textOption, UsageError } from '../lib/arguments.ts'
import { type Command, type ExitCode, jsonOption } from '../lib/command.ts'
import { openPrompt } from '../lib/prompt.ts'
import { createRescanReport, type RescanReport } from '../lib/rescan-report.ts'
import { formatTable, type Terminal } from '../lib/terminal.ts'

/** Questions to a host in a second: a third of what the hosts of Bluesky allow an address. */
const defaultRate = 3
const defaultPageSize = 100

type Plan = Awaited<ReturnType<OpenRescans['plan']>>

/** `harrier rescan`: images that were posted before. */
export const rescanCommand: Command = {
  name: 'rescan',
  summary: 'have every image of an account, or of one record, looked at again',
  parameters: 'ACTOR|URI',
  arguments: { 'ACTOR|URI': 'a handle or DID, or the AT URI of a record' },
  arity: [1, 1],
  options: {
    'dry-run': { type: 'boolean', help: 'count what there is, by collection, and change nothing' },
    yes: { type: 'boolean', help: 'a whole account, without asking' },
    'no-wait': { type: 'boolean', help: 'end once the images are queued' },
    restart: { type: 'boolean', help: 'begin anew, though an earlier rescan has not ended' },
    rate: {
      type: 'string',
      value: 'N',
      help: 'questions to the account’s host in a second, 1 to 100',
      defaultText: String(defaultRate),
    },
    'page-size': {
      type: 'string',
      value: 'N',
      help: 'records that are asked for at once, 1 to 100',
      defaultText: String(defaultPageSize),
    },
    pds: {
      type: 'string',
      value: 'URL',
      help: 'a host that knows the handle, where nobody else resolves it',
    },
    ...jsonOption,
  },
  notes: [
    'Asks the account’s host for its collections and all their records, and queues their images for the service, which looks\n' +
      'at them beside the stream’s: one of an account at a time, reported images and the account’s new ones first. Images that\n' +
      'were looked at before are looked at again, with what the banks hold now; what waits already is not queued twice.',
    'The service has to run for the images to be looked at, on the same data folder; the queue is kept until it does. A rescan\n' +
      'that was ended, or killed, goes on where it was when the same command is given again. A host that is busy or unwell is\n' +
      'asked again, as late as it wants; one that does not give a collection to its end is named, and exits with 3.',
    'JSON: subject, state (dry-run, queued, looked-at), startedAt, isResumed, collections (collection, records, images,\n' +
      'refused, gap), queued, images, waiting, dead, matched. refused are records and blobs that are not what the host says,\n' +
      'dead images that could not be looked at.',
  ],
  examples: [
    'rescan alice.example.com --dry-run',
    'rescan did:plc:… --yes',
    'rescan at://did:plc:…/app.bsky.feed.post/3kxyz',
  ],
  exits: {
    0: 'every image was looked at; or is queued, with --no-wait; or was counted, with --dry-run',
    1: 'failed or interrupted: nobody knows the account, or its host does not answer; what was queued stays queued',
    3: 'done, but the host did not give every collection to its end, or an image could not be looked at',
  },
  async run(args, terminal) {
    const rate = integerOption(args, 'rate', 1, 100) ?? defaultRate
    const pageSize = integerOption(args, 'page-size', 1, 100) ?? defaultPageSize
    const [subject = ''] = args.positionals
    const { config, secrets } = parseConfig(readEnv())
    const { openRescans } = await import('../../src/open-rescans.ts')
    using interrupt = abortOnSignals()
    const report = createRescanReport(terminal)
    const request = { perSecond: rate, pageSize, pdsUrl: textOption(args, 'pds'), onWait: report.onWait }
    await using rescans = await openRescans(config, secrets, request, interrupt.signal)
    const target = await rescans.find(subject)
    const plan = await rescans.plan(target, interrupt.signal)
    if (hasOption(args, 'dry-run')) {
      const place = await rescans.count(plan, report.onPlace, interrupt.signal)
      return show(args, terminal, plan, place, { state: 'dry-run' })
    }
    if (!(await isConfirmed(args, plan))) {
      terminal.err('harrier: nothing was queued')
      return 1
    }
    return await rescan(rescans, await begun(rescans, args, plan), { args, terminal, report, interrupt })
  },
}

type Running = {
  readonly args: Arguments
  readonly terminal: Terminal
  readonly report: RescanReport
  readonly interrupt: { readonly signal: AbortSignal }
}

async function rescan(rescans: OpenRescans, plan: Plan, running: Running): Promise<ExitCode> {
  const { args, terminal, report, interrupt } = running
  if (plan.unfinished) {
    const { startedAt, queued } = plan.unfinished
    terminal.err(
      `harrier: going on with the rescan of ${startedAt}, ${queued} images queued; --restart begins anew`,
    )
  }
  try {
    const queued = await rescans.queue(plan, report.onPlace, interrupt.signal)
    if (!hasOption(args, 'no-wait')) await rescans.wait(queued, report.onScans, interrupt.signal)
    const scans = await rescans.end(queued)
    const state = scans.waiting === 0 ? 'looked-at' : 'queued'
    return show(args, terminal, plan, queued, { state, rescan: queued, scans })
  } catch (error) {
    terminal.err('harrier: the same command goes on where this one ended; images that are queued stay queued')
    throw error
  }
}

async function begun(rescans: OpenRescans, args: Arguments, plan: Plan): Promise<Plan> {
  if (!plan.unfinished || !hasOption(args, 'restart')) return plan
  await rescans.abandon(plan.unfinished)
  return { ...plan, unfinished: undefined }
}

/** One record is no more than its URI says; a whole account may be a hundred thousand images. */
async function isConfirmed(args: Arguments, { target, collections }: Plan): Promise<boolean> {
  if (target.uri !== undefined || hasOption(args, 'yes')) return true
  using prompt = openPrompt()
  if (!prompt.isInteractive)
    throw new UsageError(
      'Expected --yes to rescan a whole account without a terminal; --dry-run counts what there is',
    )
  const question = `Queue every image of ${target.did}, in ${collections.length} collections? [y/N] `
  return /^y(es)?$/i.test(await prompt.ask(question))
}

type End =
  | { readonly state: 'dry-run' }
  | { readonly state: 'queued' | 'looked-at'; readonly rescan: Rescan; readonly scans: RescanScans }

function show(
  args: Arguments,
  terminal: Terminal,
  { target, unfinished }: Plan,
  { collections }: RescanPlace,
  end: End,
): ExitCode {
  const subject = target.uri ?? target.did
  if (hasOption(args, 'json')) {
    const more = end.state === 'dry-run' ? {} : { ...end.scans, queued: end.rescan.queued }
    const startedAt = end.state === 'dry-run' ? null : end.rescan.startedAt
    const isResumed = end.state !== 'dry-run' && unfinished !== undefined
    terminal.out(JSON.stringify({ subject, state: end.state, startedAt, isResumed, collections, ...more }))
  } else {
    const rows = collections.map(({ collection, records, images }) => [
      collection,
      String(records),
      String(images),
    ])
    for (const line of formatTable([['collection', 'records', 'images'], ...rows])) terminal.out(line)
    terminal.out(summaryOf(end))
  }
  for (const { collection, gap } of collections) {
    if (gap) terminal.err(`harrier: ${collection} was not looked at to its end: ${rescanGaps[gap]}`)
  }
  const refused = collections.reduce((sum, counts) => sum + counts.refused, 0)
  if (refused > 0)
    terminal.err(`harrier: ${refused} records or blobs were left out: they are not what the host says`)
  const dead = end.state === 'dry-run' ? 0 : end.scans.dead
  if (dead > 0)
    terminal.err(
      `harrier: images that could not be looked at: ${dead}; the service’s log says why (job.dead, job.done)`,
    )
  return dead > 0 || collections.some(({ gap }) => gap !== undefined) ? 3 : 0
}

function summaryOf(end: End): string {
  if (end.state === 'dry-run') return 'That is what there is. Nothing was queued.'
  const { images, waiting, matched } = end.scans
  const scanned = `${images} images, ${end.rescan.queued} queued by this rescan, ${matched} matched`
  if (end.state === 'looked-at') return scanned
  return `${scanned}; ${waiting} wait for the service, which has to run on this data folder (harrier serve)`
}
