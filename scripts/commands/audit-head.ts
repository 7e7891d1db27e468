import type { Command } from '../lib/command.ts'
import { openExistingTools } from '../lib/open-command-tools.ts'

/** `harrier audit head`: what is to be kept elsewhere. */
export const auditHeadCommand: Command = {
  name: 'audit head',
  summary: 'print the signed head of the audit, to be kept where this machine cannot change it',
  parameters: '',
  arity: [0, 0],
  options: {},
  notes: [
    'One line of JSON: the number and the hash of the last row, signed with the label key. Whoever has it can prove later\n' +
      'that no row up to it was changed, put in or taken away: harrier audit verify --head FILE.',
  ],
  examples: ['audit head'],
  async run(_, terminal) {
    await using tools = await openExistingTools()
    terminal.out(JSON.stringify(await tools.audit.head()))
    return 0
  },
}
