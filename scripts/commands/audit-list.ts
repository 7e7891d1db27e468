import { hasOption, integerOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openExistingTools } from '../lib/open-command-tools.ts'
import { formatTable, printable } from '../lib/terminal.ts'

const defaultLimit = 50
const maxLimit = 10_000

/** `harrier audit list`: the newest rows of the audit. */
export const auditListCommand: Command = {
  name: 'audit list',
  summary: 'list what was done, by whom, to what',
  parameters: '[SUBJECT]',
  arguments: {
    SUBJECT:
      'a DID, a record’s URI, a blob’s CID, the name of a bank, settings, policy; all of them without it',
  },
  arity: [0, 1],
  options: {
    limit: { type: 'string', value: 'N', help: 'at most so many', defaultText: String(defaultLimit) },
    ...jsonOption,
  },
  notes: [
    'The newest first. JSON: one object per row: id, at, actor, action, subject, details, hash. A list proves nothing by\n' +
      'itself: its hashes stand in harrier audit export, which does.',
  ],
  examples: ['audit list', 'audit list at://did:plc:…/app.bsky.feed.post/… --json', 'audit list settings'],
  exits: { 0: 'at least one row', 3: 'no row' },
  async run(args, terminal) {
    const limit = integerOption(args, 'limit', 1, maxLimit) ?? defaultLimit
    await using tools = await openExistingTools()
    const { rows, total } = await tools.audit.list(limit, args.positionals[0])
    if (hasOption(args, 'json')) for (const row of rows) terminal.out(JSON.stringify(row))
    else if (rows.length === 0) terminal.err('no rows')
    else {
      const cells = rows.map(({ id, at, actor, action, subject, details }) => [
        ...[String(id), at, actor, action, subject].map(printable),
        printable(JSON.stringify(details)),
      ])
      for (const line of formatTable([heading, ...cells])) terminal.out(line)
      if (total > rows.length) terminal.err(`and ${total - rows.length} more; --limit N shows more of them`)
    }
    return rows.length > 0 ? 0 : 3
  },
}

const heading = ['row', 'when', 'who', 'what', 'about', 'details']
