import { hasOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { formatTable } from '../lib/terminal.ts'

/** What each state of a key means to people. */
const meanings = {
  next: 'next: made, not in use',
  switching: 'next: the DID document is being changed; labels are held back',
  live: 'live',
  retired: 'retired',
} as const

/** `harrier key list`: the label keys. */
export const keyListCommand: Command = {
  name: 'key list',
  summary: 'list the label keys',
  parameters: '',
  arity: [0, 0],
  options: jsonOption,
  notes: [
    'Public halves only, oldest first. JSON: one object per key: didKey, state (next, switching, live, retired), since;\n' +
      'then one with the labels that the live key is still to sign: stale.',
  ],
  examples: ['key list', 'key list --json'],
  async run(args, terminal) {
    await using tools = await openCommandTools()
    const { keys, stale } = await tools.key.list()
    if (hasOption(args, 'json')) {
      for (const key of keys) terminal.out(JSON.stringify(key))
      terminal.out(JSON.stringify({ stale }))
      return 0
    }
    const rows = keys.map(({ didKey, state, since }) => [didKey, meanings[state], since])
    for (const line of formatTable([['key', 'state', 'since'], ...rows])) terminal.out(line)
    if (stale > 0)
      terminal.out(`${stale} labels are still to be signed with the live key; the running service does it`)
    return 0
  },
}
