import { textOption } from '../lib/arguments.ts'
import { type Command, dryRunOption, jsonOption, type Option } from '../lib/command.ts'
import { judgeContent, maxReason } from '../lib/judge-content.ts'
import { requireBank } from '../lib/require-bank.ts'

const shared = {
  parameters: 'BANK CONTENT_ID',
  arguments: {
    BANK: 'its name',
    CONTENT_ID: 'the content, by the number that bank add, match and bank contents show',
  },
  arity: [2, 2],
} as const
const reasonOption: { readonly reason: Option } = {
  reason: { type: 'string', value: 'TEXT', help: `for people; at most ${maxReason} characters` },
}
const json = 'JSON: bankId, bank, contentId, isDone, standing (effects that went back to it), isDryRun.'
const exits = { 1: 'failed: no such bank or content' } as const

/** `harrier bank confirm`: a content is what its bank is for. */
export const bankConfirmCommand: Command = {
  name: 'bank confirm',
  summary: 'say that a content is what its bank is for',
  ...shared,
  options: { ...reasonOption, ...dryRunOption, ...jsonOption },
  notes: [
    'From then on it is believed however often it matches: a quarantine ends, and what that held is carried out. In the policy\n' +
      'its matches have the opinion confirmed.',
    json,
  ],
  examples: ['bank confirm spam 17 --reason "seen by two of us"'],
  exits,
  run: (args, terminal) =>
    judgeContent(args, terminal, 'confirmed', async ({ orders }, content, reason) => {
      await orders.confirm(content, reason)
      return true
    }),
}

/** `harrier bank deconfirm`: a content is not what its bank is for. */
export const bankDeconfirmCommand: Command = {
  name: 'bank deconfirm',
  summary: 'say that a content is not what its bank is for, and undo what it caused',
  ...shared,
  options: {
    ...reasonOption,
    suppress: {
      type: 'string',
      value: 'NEGATIVE-BANK',
      help: 'add its hashes to this negative bank too: what is close to it acts no more',
    },
    ...dryRunOption,
    ...jsonOption,
  },
  notes: [
    'From then on it acts on nothing, whoever asks: its matches are suppressed, on the record. The running service withdraws and\n' +
      'lifts what it caused and drops what was held, but for what another match calls for. The content stays in its bank; harrier\n' +
      'bank forget takes the verdict back, and what was undone stays undone.',
    json,
  ],
  examples: [
    'bank deconfirm spam 17 --reason "a blank page"',
    'bank deconfirm spam 17 --suppress harmless --dry-run',
  ],
  exits,
  run: (args, terminal) =>
    judgeContent(args, terminal, 'deconfirmed', async (acting, content, reason, { tools, bank }) => {
      const name = textOption(args, 'suppress')
      if (name !== undefined)
        await acting.suppress(await requireBank(tools, name), { bank, contentId: content.contentId })
      await acting.orders.deconfirm(content, reason)
      return true
    }),
}

/** `harrier bank forget`: nothing is said of a content any more. */
export const bankForgetCommand: Command = {
  name: 'bank forget',
  summary: 'take back what was said of a content with bank confirm or bank deconfirm',
  ...shared,
  options: { ...dryRunOption, ...jsonOption },
  notes: ['What was undone stays undone; the content acts on what is found from then on.', json],
  examples: ['bank forget spam 17'],
  exits: { ...exits, 3: 'nothing was said of it' },
  run: (args, terminal) =>
    judgeContent(args, terminal, 'without a verdict', ({ orders }, content) => orders.forgetVerdict(content)),
}
