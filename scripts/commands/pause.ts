import { hasOption, textOption, UsageError } from '../lib/arguments.ts'
import { type Command, dryRunOption, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import type { Terminal } from '../lib/terminal.ts'

/** The most characters of the reason of a pause. */
const maxReason = 500

/** `harrier pause`: stops effects. */
export const pauseCommand: Command = {
  name: 'pause',
  summary: 'stop every new effect; scanning goes on',
  parameters: '',
  arity: [0, 0],
  options: {
    reason: {
      type: 'string',
      value: 'TEXT',
      help: `why, for whoever resumes; at most ${maxReason} characters; needed`,
    },
    ...dryRunOption,
    ...jsonOption,
  },
  notes: [
    'From now on no label is published, and no takedown or report is started, whoever asks for it: what matches call for is\n' +
      'held, and what waits stays where it is. Withdrawals and restores go on. It holds until harrier resume, also over a\n' +
      'restart of the service.',
    'JSON: isPaused, isNew, reason, actor, begunAt.',
  ],
  examples: ['pause --reason "bank spam matches a popular sticker"'],
  exits: { 3: 'effects were paused already' },
  async run(args, terminal) {
    const reason = textOption(args, 'reason')
    if (reason === undefined || reason.trim() === '' || reason.length > maxReason)
      throw new UsageError(
        `Expected --reason TEXT of 1 to ${maxReason} characters, to say why effects are paused`,
      )
    const isRehearsal = hasOption(args, 'dry-run')
    await using tools = await openCommandTools()
    const acting = tools.acting(isRehearsal)
    const isNew = await acting.orders.pause(reason)
    const pause = await acting.brakes.pause()
    if (hasOption(args, 'json'))
      terminal.out(
        JSON.stringify({
          isPaused: pause !== undefined,
          isNew,
          ...pause,
          ...(isRehearsal && { isDryRun: true }),
        }),
      )
    else if (!isNew) terminal.err(`effects are paused already, since ${pause?.begunAt ?? 'just now'}`)
    else if (isRehearsal) terminal.out('would pause effects; nothing was changed')
    else terminal.out('effects are paused: nothing new leaves until harrier resume')
    return isNew ? 0 : 3
  },
}

/** `harrier resume`: lets effects go on. */
export const resumeCommand: Command = {
  name: 'resume',
  summary: 'end the pause, and carry out what it held',
  parameters: '',
  arity: [0, 0],
  options: { ...dryRunOption, ...jsonOption },
  notes: [
    'The running service carries out what was held, each once, the oldest first, as far as the quotas and the quarantines of\n' +
      'contents let it. Drop first what is not to happen: harrier restore, bank deconfirm, outbox drop.',
    'JSON: isPaused, held (effects that go on), reason, actor, begunAt, endedAt, endedBy of the pause that ended.',
  ],
  examples: ['resume', 'resume --dry-run'],
  exits: { 3: 'effects were not paused' },
  async run(args, terminal) {
    const isRehearsal = hasOption(args, 'dry-run')
    await using tools = await openCommandTools()
    const acting = tools.acting(isRehearsal)
    const held = await acting.effects.countHeld('paused')
    const ended = await acting.orders.resume()
    if (hasOption(args, 'json')) {
      const shown = { isPaused: isRehearsal && ended !== undefined, held, ...ended }
      terminal.out(JSON.stringify({ ...shown, ...(isRehearsal && { isDryRun: true }) }))
    } else tellResumed(ended !== undefined, held, isRehearsal, terminal)
    return ended ? 0 : 3
  },
}

function tellResumed(wasPaused: boolean, held: number, isRehearsal: boolean, terminal: Terminal): void {
  if (!wasPaused) terminal.err('effects are not paused')
  else if (isRehearsal) terminal.out(`would let ${held} held effects go on; nothing was changed`)
  else terminal.out(`effects go on; the running service carries out the ${held} that were held`)
}
