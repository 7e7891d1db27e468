import { formatDuration } from '../../src/lib/duration.ts'
import type { EmissionQueue } from '../../src/tools.ts'
import { hasOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { formatTable, type Terminal } from '../lib/terminal.ts'

/** `harrier queue`: the labels that wait for the emission budget. */
export const queueCommand: Command = {
  name: 'queue',
  summary: 'show the labels that wait to be published',
  parameters: '',
  arity: [0, 0],
  options: jsonOption,
  notes: [
    'With an emission budget (HARRIER_EMISSION_BUDGET) labels wait until it lets them: urgent ones first, bulk last. The\n' +
      'time at which none is left holds if the service runs and nothing is added.\n' +
      'JSON: limits, left (of each limit, now), lengths (priority, count, oldestMs, emptyMs; epoch milliseconds).',
  ],
  examples: ['queue', 'queue --json'],
  exits: { 0: 'at least one label waits', 3: 'none waits' },
  async run(args, terminal) {
    await using tools = await openCommandTools()
    const queue = await tools.queue()
    if (hasOption(args, 'json')) terminal.out(JSON.stringify(queue))
    else show(queue, terminal, Date.now())
    return queue.lengths.some(({ count }) => count > 0) ? 0 : 3
  },
}

function show({ limits, left, lengths }: EmissionQueue, terminal: Terminal, nowMs: number): void {
  const rows = lengths.map(({ priority, count, oldestMs, emptyMs }) => [
    priority,
    String(count),
    oldestMs === undefined ? '' : formatDuration(Math.max(0, nowMs - oldestMs)),
    emptyMs === undefined ? '' : `in ${formatDuration(Math.max(0, emptyMs - nowMs))}`,
  ])
  for (const line of formatTable([['priority', 'labels', 'oldest waits', 'empty'], ...rows]))
    terminal.out(line)
  const budget = Object.entries(limits).map(([window, max]) => {
    return `${left[window as keyof typeof left]} of ${max} in this ${window}`
  })
  terminal.out(
    budget.length === 0 ? 'no emission budget: nothing waits' : `budget left: ${budget.join(', ')}`,
  )
}
