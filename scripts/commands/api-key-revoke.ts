import { hasOption, parseId } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { printable } from '../lib/terminal.ts'

/** `harrier api-key revoke`: ends a key of the REST API. */
export const apiKeyRevokeCommand: Command = {
  name: 'api-key revoke',
  summary: 'revoke a key of the REST API',
  parameters: 'ID',
  arguments: { ID: 'its number, as harrier api-key list shows it' },
  arity: [1, 1],
  options: jsonOption,
  notes: [
    'From now on every request with it is refused, also by a service that is running. It cannot be undone.',
  ],
  examples: ['api-key revoke 3'],
  exits: { 3: 'no key of that number is good' },
  async run(args, terminal) {
    const id = parseId(args.positionals[0] ?? '', 'ID')
    await using tools = await openCommandTools()
    const key = await tools.apiKeys.revoke(id)
    if (!key) {
      terminal.err(`no key ${id} that could be revoked`)
      return 3
    }
    terminal.out(
      hasOption(args, 'json') ? JSON.stringify(key) : `revoked key ${id} of ${printable(key.name)}`,
    )
    return 0
  },
}
