import { hasOption, parseId } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { formatTable, printable } from '../lib/terminal.ts'

/** `harrier outbox show`: one message with what it says. */
export const outboxShowCommand: Command = {
  name: 'outbox show',
  summary: 'show an event or an action that is sent, and how that went',
  parameters: 'MESSAGE',
  arguments: { MESSAGE: 'its number, as harrier outbox list shows it' },
  arity: [1, 1],
  options: jsonOption,
  examples: ['outbox show 12', 'outbox show 12 --json'],
  exits: { 3: 'no such message' },
  async run(args, terminal) {
    const id = parseId(args.positionals[0] ?? '', 'MESSAGE')
    await using tools = await openCommandTools()
    const message = await tools.outbox.find(id)
    if (!message) {
      terminal.err(`no message ${id}`)
      return 3
    }
    if (hasOption(args, 'json')) terminal.out(JSON.stringify(message))
    else {
      const { payload, ...facts } = message
      const rows = Object.entries(facts).map(([name, value]) => [name, printable(String(value ?? '-'))])
      for (const line of formatTable(rows)) terminal.out(line)
      terminal.out(printable(payload))
    }
    return 0
  },
}
