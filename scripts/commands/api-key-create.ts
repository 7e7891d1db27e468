import { type ApiScope, apiScopeMeanings, apiScopes, defaultApiKeyRate } from '../../src/model/api-key.ts'
import { hasOption, integerOption, textOption, UsageError } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { printable } from '../lib/terminal.ts'

/** The scopes of a key that is made without any named: what an app needs to check its own images. */
const defaultScopes: readonly ApiScope[] = ['hash', 'match']

/** `harrier api-key create`: a new key of the REST API. */
export const apiKeyCreateCommand: Command = {
  name: 'api-key create',
  summary: 'make a key for the REST API, and show it once',
  parameters: 'NAME',
  arguments: { NAME: 'who is to use it, in 1 to 100 characters; lists and the audit show it' },
  arity: [1, 1],
  options: {
    scopes: {
      type: 'string',
      value: 'SCOPES',
      help: `what it is good for: some of ${apiScopes.join(', ')}, separated by commas`,
      defaultText: defaultScopes.join(','),
    },
    rate: {
      type: 'string',
      value: 'N',
      help: 'the most requests in a minute, 1 to 1000000; beyond them the answer is 429',
      defaultText: String(defaultApiKeyRate),
    },
    ...jsonOption,
  },
  notes: [
    apiScopes.map((scope) => `${scope.padEnd(6)} ${apiScopeMeanings[scope]}`).join('\n'),
    'The key is printed alone on standard output, and never again: Harrier keeps a SHA-256 of it. Who has it can do what\n' +
      'its scopes name. It goes into the header Authorization: Bearer KEY. It works at once, without a restart.',
    'JSON: id, name, scopes, requestsPerMinute, createdAt and key.',
  ],
  examples: [
    'api-key create my-pds',
    'api-key create appview --scopes match --rate 6000',
    'api-key create moderators --scopes match,act,read --json',
  ],
  async run(args, terminal) {
    const [name = ''] = args.positionals
    if (!/^[^\p{Cc}]{1,100}$/u.test(name)) {
      throw new UsageError(
        `Expected 1 to 100 characters on one line for NAME but received ${name.length} that are not`,
      )
    }
    const scopes = parseScopes(textOption(args, 'scopes'))
    const requestsPerMinute = integerOption(args, 'rate', 1, 1_000_000) ?? defaultApiKeyRate
    await using tools = await openCommandTools()
    const { key, secret } = await tools.apiKeys.create({ name, scopes, requestsPerMinute })
    if (hasOption(args, 'json')) {
      terminal.out(JSON.stringify({ ...key, key: secret }))
      return 0
    }
    terminal.err(
      `made key ${key.id} for ${printable(name)}: ${scopes.join(', ')}; ${requestsPerMinute} requests a minute. It is shown this once:`,
    )
    terminal.out(secret)
    return 0
  },
}

function parseScopes(text: string | undefined): readonly ApiScope[] {
  if (text === undefined) return defaultScopes
  const words = text.split(',').map((word) => word.trim())
  const wrong = words.find((word) => !apiScopes.some((scope) => scope === word))
  if (wrong === undefined) return apiScopes.filter((scope) => words.includes(scope))
  throw new UsageError(
    `Expected some of ${apiScopes.join(', ')} for --scopes but received ${JSON.stringify(wrong)}`,
  )
}
