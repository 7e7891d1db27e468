import { readFileSync } from 'node:fs'
import type { LabelerReport } from '../../src/appview-sync.ts'
import { parseConfig } from '../../src/config/config.ts'
import { readEnv } from '../../src/config/env.ts'
import { AppError } from '../../src/lib/errors.ts'
import { createLogger } from '../../src/lib/logger.ts'
import { type Did, parseDid } from '../../src/model/ids.ts'
import { type Arguments, hasOption, integerOption, textOption, UsageError } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { formatTable, type Terminal } from '../lib/terminal.ts'

/** `harrier appview-sync`: labels of labelers into an AppView's table. */
export const appviewSyncCommand: Command = {
  name: 'appview-sync',
  summary: 'fill the label table of an AppView of your own from labelers',
  parameters: '[DID...]',
  arguments: {
    DID: 'a labeler to follow, such as did:plc:…; those of HARRIER_APPVIEW_LABELERS when none is named',
  },
  arity: [0, 1000],
  options: {
    file: {
      type: 'string',
      value: 'FILE',
      help: 'follow also the labelers in a file: a DID a line, # for comments',
    },
    once: { type: 'boolean', help: 'end when every labeler has been read to its end' },
    idle: {
      type: 'string',
      value: 'SECONDS',
      defaultText: '5',
      help: 'with --once: a labeler that sends nothing for so long has been read to its end',
    },
    'from-start': {
      type: 'boolean',
      help: 'read these labelers from their beginning again; the newest label still wins',
    },
    'dry-run': { type: 'boolean', help: 'read, verify and count, and write nothing' },
    ...jsonOption,
  },
  notes: [
    'For people who run @atproto/bsky: it has a label table and nothing that fills it. HARRIER_APPVIEW_DATABASE_URL names\n' +
      'its PostgreSQL database. Each labeler’s endpoint and key come from its DID document; only labels that verify, and\n' +
      'that the labeler made itself, are written. The place in each stream is kept in the table label_cursor of a schema\n' +
      'of its own, in the same transaction as the labels: end it, or kill it, and it goes on where it was.',
    'The log goes to standard error, a line per change of state; metrics (Prometheus) are on 127.0.0.1:3002, but\n' +
      'with --once. Ctrl-C or SIGTERM ends it in order. At the end it prints a line for each labeler. JSON: labeler, cursor,\n' +
      'stored, expired, negated, outdated, unchanged, refused (counts by reason), refusedFrames, end (why it ended), detail.',
  ],
  examples: [
    'appview-sync did:plc:ar7c4by46qjdydhdevvrndac',
    'appview-sync --file labelers.txt',
    'appview-sync --once --dry-run --json did:plc:ar7c4by46qjdydhdevvrndac',
    'appview-sync --once --from-start did:plc:ar7c4by46qjdydhdevvrndac',
  ],
  exits: {
    0: 'ended by a signal; with --once: every labeler has been read to its end',
    1: 'failed: the database is not usable, or with --once a labeler could not be read to its end',
  },
  async run(args, terminal) {
    const { config, secrets } = parseConfig(readEnv())
    const labelers = labelersOf(args, config.appviewLabelers)
    const idleSeconds = integerOption(args, 'idle', 1, 3600)
    if (idleSeconds !== undefined && !hasOption(args, 'once'))
      throw new UsageError('Expected --once with --idle')
    const request = {
      databaseUrl: requireUrl(secrets.appviewDatabaseUrl),
      labelers,
      isFromStart: hasOption(args, 'from-start'),
      isDryRun: hasOption(args, 'dry-run'),
      idleMs: hasOption(args, 'once') ? (idleSeconds ?? 5) * 1000 : undefined,
    }
    // Help and wrong usage need neither the database's driver nor the curve library.
    const { openAppviewSync } = await import('../../src/appview-sync.ts')
    const { abortOnSignals } = await import('../lib/abort-on-signals.ts')
    const logger = createLogger(config.logLevel, 'stderr')
    using interrupt = abortOnSignals()
    await using sync = await openAppviewSync(config, request, { logger })
    const { metricsUrl } = sync
    logger.info({ labelers: labelers.length, metricsUrl, isDryRun: request.isDryRun }, 'appview.started')
    const reports = await sync.run(interrupt.signal)
    printReports(reports, hasOption(args, 'json'), terminal)
    return reports.every(({ end }) => end.reason === 'stopped' || end.reason === 'caught-up') ? 0 : 1
  },
}

function requireUrl(url: string | undefined): string {
  if (url !== undefined) return url
  throw new AppError(
    'invalid',
    'Expected HARRIER_APPVIEW_DATABASE_URL to name the AppView’s PostgreSQL database (postgres://user:password@host/name) but received nothing',
  )
}

/** Every labeler once: those on the command line and in the file; those of the settings when there is neither. */
function labelersOf(args: Arguments, configured: readonly Did[]): Did[] {
  const file = textOption(args, 'file')
  const named = [...args.positionals, ...(file === undefined ? [] : linesOf(file))].map(requireDid)
  const labelers = new Set(named.length > 0 || file !== undefined ? named : configured)
  if (labelers.size === 0)
    throw new UsageError(
      'Expected a labeler’s DID, --file, or HARRIER_APPVIEW_LABELERS for appview-sync but received nothing',
    )
  return [...labelers]
}

function linesOf(file: string): string[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new AppError('invalid', `Expected a file of DIDs at ${file} but it cannot be read`, { cause })
  }
  return text.split('\n').flatMap((line) => line.replace(/#.*/, '').trim() || [])
}

function requireDid(text: string): Did {
  const did = parseDid(text)
  if (did !== undefined) return did
  throw new UsageError(`Expected a DID such as did:plc:… for a labeler but received ${JSON.stringify(text)}`)
}

function printReports(reports: readonly LabelerReport[], isJson: boolean, terminal: Terminal): void {
  if (isJson) {
    for (const { labeler, cursor = null, outcomes, refused, refusedFrames, end } of reports) {
      const { reason, detail } = end
      terminal.out(
        JSON.stringify({ labeler, cursor, ...outcomes, refused, refusedFrames, end: reason, detail }),
      )
    }
    return
  }
  const rows = reports.map(({ labeler, cursor, outcomes, refused, end }) => [
    labeler,
    String(cursor ?? '-'),
    ...Object.values(outcomes).map(String),
    String(Object.values(refused).reduce((sum, count) => sum + count, 0)),
    end.reason,
  ])
  const heading = [
    'labeler',
    'cursor',
    'stored',
    'expired',
    'negated',
    'outdated',
    'unchanged',
    'refused',
    'end',
  ]
  for (const line of formatTable([heading, ...rows])) terminal.out(line)
}
