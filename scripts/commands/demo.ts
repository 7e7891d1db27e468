import { hasOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { importDemo } from './demo-parts.ts'

/** `harrier demo`: a small network, and Harrier on it. */
export const demoCommand: Command = {
  name: 'demo',
  summary: 'show a known image being found, on a small network of its own',
  parameters: '',
  arity: [0, 0],
  options: {
    keep: { type: 'boolean', help: 'leave everything running, and say what to try, until Ctrl-C' },
    ...jsonOption,
  },
  notes: [
    'Starts a PLC directory, a PDS and an event stream in this process, a labeler on them, and posts four pictures: one\n' +
      'that is banked, two that are like it, and a harmless one. It takes no settings, needs no network and leaves\n' +
      'nothing behind. Times with a + are counted from the creation of the post.',
    'JSON: one object per event: section, step, moment, result, note.',
  ],
  examples: ['demo', 'demo --keep'],
  exits: { 0: 'every picture ended as expected', 1: 'failed: some picture did not' },
  async run(args, terminal) {
    const { runDemo } = await importDemo(() => import('../demo/run-demo.ts'))
    const { createJsonPrinter, createPrinter } = await import('../demo/print-event.ts')
    const { abortOnSignals } = await import('../lib/abort-on-signals.ts')
    using interrupt = abortOnSignals()
    const tell = hasOption(args, 'json') ? createJsonPrinter(terminal) : createPrinter(terminal)
    const isAsExpected = await runDemo({ tell, isKept: hasOption(args, 'keep'), signal: interrupt.signal })
    return isAsExpected ? 0 : 1
  },
}
