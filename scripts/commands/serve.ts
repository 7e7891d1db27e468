import type { Command } from '../lib/command.ts'

/** `harrier serve`: the service itself. */
export const serveCommand: Command = {
  name: 'serve',
  summary: 'run the service, as npm start does',
  parameters: '',
  arity: [0, 0],
  options: {},
  notes: [
    'Settings come from the environment and .env; docs/CONFIG.md lists them. Without any it runs in a safe local mode,\n' +
      'and says what is not decided yet. The log goes to standard output: JSON lines, or readable ones on a terminal.',
    'Ctrl-C or SIGTERM ends it in order: jobs that run are finished first.',
  ],
  examples: ['serve'],
  exits: {
    0: 'ended by a signal',
    1: 'failed: the settings are not usable, or something that it owns broke',
  },
  async run() {
    const { serve } = await import('../../src/serve.ts')
    return serve()
  },
}
