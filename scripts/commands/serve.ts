import { textOption } from '../lib/arguments.ts'
import type { Command } from '../lib/command.ts'

/** `harrier serve`: the service itself. */
export const serveCommand: Command = {
  name: 'serve',
  summary: 'run the service, as npm start does',
  parameters: '',
  arity: [0, 0],
  options: {
    'seq-floor': {
      type: 'string',
      value: 'N',
      help: 'number labels above N; only after the database of published labels was lost',
      defaultText: 'HARRIER_SEQ_FLOOR',
    },
  },
  notes: [
    'Settings come from the environment and .env; docs/CONFIG.md lists them. Without any it runs in a safe local mode,\n' +
      'and says what is not decided yet. The log goes to standard output: JSON lines, or readable ones on a terminal.',
    'A database that is lost after labels were published stops the start, and the error says what to do. --seq-floor is for\n' +
      'when there is no backup: it must be at or above every seq that subscribers have seen. It is remembered.',
    'Ctrl-C or SIGTERM ends it in order: jobs that run are finished first.',
  ],
  examples: ['serve', 'serve --seq-floor 25000'],
  exits: {
    0: 'ended by a signal',
    1: 'failed: the settings are not usable, or something that it owns broke',
  },
  async run(args) {
    const { serve } = await import('../../src/serve.ts')
    return serve(textOption(args, 'seq-floor'))
  },
}
