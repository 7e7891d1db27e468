import { hasOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { printable } from '../lib/terminal.ts'

/** `harrier target check`: whether targets can be reached, with the authority that they need. */
export const targetCheckCommand: Command = {
  name: 'target check',
  summary: 'sign in to targets and ask something harmless that needs the authority to act there',
  parameters: '[TARGET...]',
  arguments: { TARGET: 'its id, as harrier target list shows it; without one, all' },
  arity: [0, 100],
  options: jsonOption,
  notes: [
    'Changes nothing anywhere. A PDS is asked for the status of an account, as whoever takes down must be able to; an Ozone\n' +
      'for our role in it; a moderation service, through the account’s host, for labels; a webhook endpoint is sent a signed\n' +
      'ping, and has to answer 2xx. Each check of an account signs in once, and hosts take 30 sign-ins in five minutes and\n' +
      '300 in a day.',
    'JSON: one object per target: id, isWell, wrong (sentences).',
  ],
  examples: ['target check', 'target check pds --json'],
  exits: { 0: 'nothing is wrong', 1: 'something is wrong', 3: 'no such target' },
  async run(args, terminal) {
    await using tools = await openCommandTools()
    const known = (await tools.targets.list()).map(({ id }) => id)
    const strange = args.positionals.filter((id) => !known.includes(id))
    if (strange.length > 0) {
      terminal.err(`no target ${strange.map(printable).join(', ')}; there are ${known.join(', ')}`)
      return 3
    }
    let isWell = true
    for (const id of args.positionals.length > 0 ? args.positionals : known) {
      const wrong = (await tools.targets.check(id, new AbortController().signal)) ?? []
      isWell &&= wrong.length === 0
      if (hasOption(args, 'json')) terminal.out(JSON.stringify({ id, isWell: wrong.length === 0, wrong }))
      else if (wrong.length === 0) terminal.out(`${terminal.style('green', 'ok  ')}  ${id}`)
      else
        for (const says of wrong) terminal.out(`${terminal.style('red', 'fail')}  ${id}  ${printable(says)}`)
    }
    return isWell ? 0 : 1
  },
}
