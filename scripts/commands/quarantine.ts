import type { Quarantine } from '../../src/model/brake.ts'
import { hasOption, parseId } from '../lib/arguments.ts'
import { type Command, dryRunOption, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { formatTable } from '../lib/terminal.ts'

const maxShown = 1_000

/** `harrier quarantine list`: contents that match too often. */
export const quarantineListCommand: Command = {
  name: 'quarantine list',
  summary: 'list the contents that call for nothing, since they match too often',
  parameters: '',
  arity: [0, 0],
  options: { all: { type: 'boolean', help: 'also those that have ended' }, ...jsonOption },
  notes: [
    'A content that matches more than HARRIER_FLOOD_MATCHES times in an hour, and HARRIER_FLOOD_FACTOR times its mean hour, is\n' +
      'in quarantine until a person decides: its review has a sample of what it matched. harrier quarantine release lets what is\n' +
      'held happen, harrier bank confirm does too and keeps the content from further quarantines, harrier bank deconfirm undoes\n' +
      'what it caused.',
    'JSON: one object per quarantine: id, contentId, bankId, bank, recent, baseline (matches an hour), reviewId, held (effects),\n' +
      'begunAt, endedAt, endedBy, decision.',
  ],
  examples: ['quarantine list', 'quarantine list --all --json'],
  exits: { 0: 'at least one', 3: 'none' },
  async run(args, terminal) {
    await using tools = await openCommandTools()
    const { brakes, effects } = tools.acting()
    const found = await brakes.quarantines(hasOption(args, 'all'), maxShown)
    const rows: { quarantine: Quarantine; held: number }[] = []
    for (const quarantine of found) {
      rows.push({ quarantine, held: await effects.countHeld('flood', quarantine.contentId) })
    }
    if (hasOption(args, 'json'))
      for (const { quarantine, held } of rows) terminal.out(JSON.stringify({ ...quarantine, held }))
    else if (rows.length === 0) terminal.err('no content is in quarantine')
    else for (const line of formatTable([heading, ...rows.map(rowOf)])) terminal.out(line)
    return rows.length > 0 ? 0 : 3
  },
}

const heading = ['content', 'bank', 'matches/h', 'usual', 'held', 'review', 'since', 'ended']

function rowOf({ quarantine, held }: { readonly quarantine: Quarantine; readonly held: number }): string[] {
  const { contentId, bank, recent, baseline, reviewId, begunAt, decision, endedBy, endedAt } = quarantine
  return [
    String(contentId),
    bank,
    String(recent),
    baseline.toFixed(1),
    String(held),
    reviewId === undefined ? '-' : String(reviewId),
    begunAt,
    endedAt === undefined ? '-' : `${decision ?? ''} by ${endedBy ?? ''} ${endedAt}`,
  ]
}

/** `harrier quarantine release`: lets contents act again. */
export const quarantineReleaseCommand: Command = {
  name: 'quarantine release',
  summary: 'let contents act again, and carry out what was held',
  parameters: 'CONTENT_ID...',
  arguments: { CONTENT_ID: 'the content, by its number' },
  arity: [1, 1000],
  options: { ...dryRunOption, ...jsonOption },
  notes: [
    'The running service carries out what was held, each effect once. What it matched so far counts for no further quarantine.\n' +
      'JSON: the quarantines that ended.',
  ],
  examples: ['quarantine release 17'],
  exits: { 3: 'one of them is in no quarantine; the others are released' },
  async run(args, terminal) {
    const ids = args.positionals.map((text) => parseId(text, 'CONTENT_ID'))
    const isRehearsal = hasOption(args, 'dry-run')
    await using tools = await openCommandTools()
    const { orders } = tools.acting(isRehearsal)
    let isMissing = false
    for (const id of ids) {
      const ended = await orders.release(id)
      isMissing ||= ended === undefined
      if (!ended) terminal.err(`harrier: content ${id} is in no quarantine`)
      else if (hasOption(args, 'json')) terminal.out(JSON.stringify(ended))
      else
        terminal.out(
          `content ${id} of bank ${ended.bank} ${isRehearsal ? 'would be released' : 'is released'}`,
        )
    }
    return isMissing ? 3 : 0
  },
}
