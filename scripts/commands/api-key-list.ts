import { hasOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { formatTable, printable } from '../lib/terminal.ts'

/** `harrier api-key list`: the keys of the REST API. */
export const apiKeyListCommand: Command = {
  name: 'api-key list',
  summary: 'list the keys of the REST API',
  parameters: '',
  arity: [0, 0],
  options: jsonOption,
  notes: [
    'Revoked ones too; the keys themselves are kept nowhere. When one was last used is up to a minute behind.',
    'JSON: one object per key: id, name, scopes, requestsPerMinute, createdAt, and lastUsedAt and revokedAt where they\n' +
      'apply.',
  ],
  examples: ['api-key list', 'api-key list --json'],
  exits: { 3: 'there are no keys' },
  async run(args, terminal) {
    await using tools = await openCommandTools()
    const keys = await tools.apiKeys.list()
    if (hasOption(args, 'json')) for (const key of keys) terminal.out(JSON.stringify(key))
    else if (keys.length > 0) {
      const rows = keys.map(({ id, name, scopes, requestsPerMinute, createdAt, lastUsedAt, revokedAt }) => [
        String(id),
        printable(name),
        scopes.join(','),
        `${requestsPerMinute}/min`,
        createdAt,
        lastUsedAt ?? 'never',
        revokedAt === undefined ? 'good' : `revoked ${revokedAt}`,
      ])
      const head = ['id', 'name', 'scopes', 'rate', 'created', 'last used', 'state']
      for (const line of formatTable([head, ...rows])) terminal.out(line)
    } else terminal.err('no keys; make one: harrier api-key create NAME')
    return keys.length > 0 ? 0 : 3
  },
}
