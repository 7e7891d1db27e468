import type { Tools } from '../../src/tools.ts'
import { type Arguments, hasOption, parseId, UsageError } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'

/** So many dead messages are changed by one call of a command at most. */
const maxDead = 100_000

const shared = {
  parameters: '[MESSAGE...]',
  arguments: { MESSAGE: 'its number, as harrier outbox list shows it' },
  arity: [0, 1000],
  options: { dead: { type: 'boolean', help: 'all that are dead' }, ...jsonOption },
} as const

/** `harrier outbox retry`: sends now what waits, or has ended. */
export const outboxRetryCommand: Command = {
  name: 'outbox retry',
  summary: 'send events and actions now, also such as are dead, dropped or done',
  ...shared,
  notes: [
    'The service sends them at once, under the ids that the receiver knows, with all their attempts. What has ended does\n' +
      'not go back to its place in the order. An action that may have been carried out already (unknown) is sent a second\n' +
      'time: look at its target first.',
  ],
  examples: ['outbox retry 12', 'outbox retry --dead'],
  exits: { 3: 'no such message' },
  run: (args, terminal) =>
    change(args, 'retried', terminal.out, (tools, id) => tools.outbox.retry(id, 'cli')),
}

/** `harrier outbox drop`: gives up what was not delivered. */
export const outboxDropCommand: Command = {
  name: 'outbox drop',
  summary: 'give up events and actions that were not carried out',
  ...shared,
  notes: ['They stay in harrier outbox list --state dropped as long as finished jobs are kept.'],
  examples: ['outbox drop 12 13', 'outbox drop --dead'],
  exits: { 3: 'no such message waits or is dead' },
  run: (args, terminal) => change(args, 'dropped', terminal.out, (tools, id) => tools.outbox.drop(id, 'cli')),
}

async function change(
  args: Arguments,
  verb: string,
  out: (line: string) => void,
  act: (tools: Tools, id: number) => Promise<boolean>,
): Promise<0 | 3> {
  const isDead = hasOption(args, 'dead')
  if (isDead === args.positionals.length > 0)
    throw new UsageError('Expected numbers of messages, or --dead, and not both')
  const named = args.positionals.map((text) => parseId(text, 'MESSAGE'))
  await using tools = await openCommandTools()
  // The oldest first, so that what is sent again goes out in its order.
  const ids = isDead
    ? (await tools.outbox.list({ states: ['dead'], limit: maxDead })).map(({ id }) => id).reverse()
    : named
  let done = 0
  for (const id of ids) {
    if (!(await act(tools, id))) continue
    done++
    out(hasOption(args, 'json') ? JSON.stringify({ id, outcome: verb }) : `${verb} message ${id}`)
  }
  return done > 0 ? 0 : 3
}
