import { type OutboxMessage, outboxStates } from '../../src/model/outbox.ts'
import { hasOption, integerOption, textOption, wordOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { formatTable, printable } from '../lib/terminal.ts'

const defaultLimit = 50
const maxLimit = 1000

/** `harrier outbox list`: what is sent to others, events and actions, and how that goes. */
export const outboxListCommand: Command = {
  name: 'outbox list',
  summary: 'list events for webhook endpoints and actions for targets, and how they go',
  parameters: '',
  arity: [0, 0],
  options: {
    target: { type: 'string', value: 'TARGET', help: 'only for this endpoint or target' },
    state: { type: 'string', value: 'STATE', help: outboxStates.join(', '), defaultText: 'pending and dead' },
    limit: { type: 'string', value: 'N', help: 'at most so many', defaultText: String(defaultLimit) },
    ...jsonOption,
  },
  notes: [
    'The newest first. Dead ones ran out of attempts, were refused, or may have been carried out already, as the last try says:\n' +
      'see to the endpoint or the target (harrier target check), then harrier outbox retry. Dropped ones were given up by a\n' +
      'person, or are about an account that the target does not host.',
    'JSON: one object per message: id, kind, target, messageId, event, subject, state, attempts, outcome, runAfter\n' +
      '(epoch milliseconds), createdAt, doneAt, payload.',
  ],
  examples: ['outbox list', 'outbox list --state done --limit 10 --json'],
  exits: { 0: 'at least one message', 3: 'no message' },
  async run(args, terminal) {
    const state = wordOption(args, 'state', outboxStates)
    const limit = integerOption(args, 'limit', 1, maxLimit) ?? defaultLimit
    await using tools = await openCommandTools()
    const states = state === undefined ? (['pending', 'dead'] as const) : [state]
    const target = textOption(args, 'target')
    const messages = await tools.outbox.list({ states, limit, ...(target === undefined ? {} : { target }) })
    if (hasOption(args, 'json')) for (const message of messages) terminal.out(JSON.stringify(message))
    else if (messages.length === 0) terminal.err('no messages')
    else for (const line of formatTable([heading, ...messages.map(rowOf)])) terminal.out(line)
    return messages.length > 0 ? 0 : 3
  },
}

const heading = ['message', 'state', 'kind', 'what', 'to', 'attempts', 'last try', 'about', 'since']

function rowOf({
  id,
  state,
  kind,
  event,
  target,
  attempts,
  outcome,
  subject,
  createdAt,
}: OutboxMessage): string[] {
  const about = printable(subject)
  return [
    String(id),
    state,
    kind,
    event,
    target,
    String(attempts),
    printable(outcome ?? '-'),
    about,
    createdAt,
  ]
}
