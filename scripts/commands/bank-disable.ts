import { parseDuration } from '../../src/lib/duration.ts'
import { enabledContent, maxDisabledSeconds } from '../../src/model/curation.ts'
import { textOption, UsageError } from '../lib/arguments.ts'
import { changeContents } from '../lib/change-contents.ts'
import { type Command, jsonOption } from '../lib/command.ts'

const contentArguments = {
  BANK: 'its name',
  CONTENT_ID: 'the content, by the number that bank add, match and bank contents show',
}
const contentExits = { 3: 'the bank has no content of one of the numbers; the others are done' } as const

/** `harrier bank disable`: contents that are kept and match nothing. */
export const bankDisableCommand: Command = {
  name: 'bank disable',
  summary: 'keep contents of a bank, but match them no more',
  parameters: 'BANK CONTENT_ID...',
  arguments: contentArguments,
  arity: [2, Number.POSITIVE_INFINITY],
  options: {
    until: {
      type: 'string',
      value: 'TIME',
      help: 'match them again from then on: a time such as 2027-01-31T12:00:00Z, or a span such as 30d',
      defaultText: 'for good',
    },
    ...jsonOption,
  },
  notes: [
    'A running service stops to match them at once, and the audit has it. JSON: the contents as bank contents shows them.',
  ],
  examples: ['bank disable spam 17', 'bank disable spam 17 18 --until 30d'],
  exits: contentExits,
  async run(args, terminal) {
    const until = textOption(args, 'until')
    if (until === undefined) return await changeContents(args, terminal, { disableUntil: 0 }, 'is disabled')
    const disableUntil = parseUntil(until, Date.now())
    const done = `is disabled until ${new Date(disableUntil * 1000).toISOString()}`
    return await changeContents(args, terminal, { disableUntil }, done)
  },
}

/** `harrier bank enable`: contents that are matched again. */
export const bankEnableCommand: Command = {
  name: 'bank enable',
  summary: 'match contents of a bank again that were disabled',
  parameters: 'BANK CONTENT_ID...',
  arguments: contentArguments,
  arity: [2, Number.POSITIVE_INFINITY],
  options: jsonOption,
  notes: ['JSON: the contents as bank contents shows them.'],
  examples: ['bank enable spam 17'],
  exits: contentExits,
  run: (args, terminal) => changeContents(args, terminal, { disableUntil: enabledContent }, 'is matched'),
}

/** Unix seconds, whole, of a time to come or of a duration from now. */
function parseUntil(text: string, nowMs: number): number {
  const durationMs = parseDuration(text)
  const isTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/.test(text)
  const ms = durationMs === undefined ? (isTime ? Date.parse(text) : Number.NaN) : nowMs + durationMs
  if (ms > nowMs && ms <= nowMs + maxDisabledSeconds * 1000) return Math.ceil(ms / 1000)
  throw new UsageError(
    'Expected a time to come of at most five years, such as 2027-01-31T12:00:00Z or 30d, for --until but received ' +
      JSON.stringify(text),
  )
}
