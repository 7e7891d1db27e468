import { formatPolicySchema } from '../../src/config/policy-schema.ts'
import type { Command } from '../lib/command.ts'

/** `harrier policy schema`: the form of the policy file. */
export const policySchemaCommand: Command = {
  name: 'policy schema',
  summary: 'print the JSON schema of the policy file, for editors',
  parameters: '',
  arity: [0, 0],
  options: {},
  notes: [
    'Editors with a YAML language server complete and check a policy whose first line is\n' +
      '# yaml-language-server: $schema=policy.schema.json\n' +
      'The same schema is docs/policy.schema.json. What it cannot know, policy check does.',
  ],
  examples: ['policy schema'],
  async run(_, terminal) {
    await terminal.write(formatPolicySchema())
    return 0
  },
}
