import { hasOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { formatTable, printable } from '../lib/terminal.ts'

/** `harrier target list`: where actions are carried out. */
export const targetListCommand: Command = {
  name: 'target list',
  summary: 'list where takedowns, reports, labels and events go, and what waits for them',
  parameters: '',
  arity: [0, 0],
  options: jsonOption,
  notes: [
    'Those of HARRIER_TARGETS and HARRIER_WEBHOOK_ENDPOINTS, without their secrets, and labels, our own stream. waiting are\n' +
      'actions that are to be tried or tried again, dead those that a person has to see to: harrier outbox list. The last\n' +
      'try is that of the action that has waited longest.',
    'JSON: one object per target: id, kind, at, can, waiting, dead, oldest (id, createdAt, attempts, outcome, runAfter in\n' +
      'epoch milliseconds; when one waits).',
  ],
  examples: ['target list', 'target list --json'],
  async run(args, terminal) {
    await using tools = await openCommandTools()
    const targets = await tools.targets.list()
    if (hasOption(args, 'json')) {
      for (const target of targets) terminal.out(JSON.stringify(target))
      return 0
    }
    const rows = targets.map(({ id, kind, at, can, waiting, dead, oldest }) => [
      id,
      kind,
      printable(at),
      can.join(', '),
      String(waiting),
      String(dead),
      oldest?.createdAt ?? '-',
      printable(oldest?.outcome ?? '-'),
    ])
    const heading = ['target', 'kind', 'at', 'can', 'waiting', 'dead', 'oldest', 'last try']
    for (const line of formatTable([heading, ...rows])) terminal.out(line)
    return 0
  },
}
