import { formatDuration } from '../../src/lib/duration.ts'
import type { EmissionQueue } from '../../src/tools.ts'
import { hasOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { formatTable, printable, type Terminal } from '../lib/terminal.ts'

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
      'JSON: limits, left (of each limit, now), lengths (priority, count, oldestMs, emptyMs; epoch milliseconds), pause (reason,\n' +
      'actor, begunAt; null when effects go on), held (effects, by what holds them: paused, quota, flood).',
  ],
  examples: ['queue', 'queue --json'],
  exits: { 0: 'at least one label waits', 3: 'none waits' },
  async run(args, terminal) {
    await using tools = await openCommandTools()
    const { brakes, effects } = tools.acting()
    const pause = await brakes.pause()
    const held = { paused: await effects.countHeld('paused'), quota: await effects.countHeld('quota') }
    const queue = {
      ...(await tools.queue()),
      pause: pause ?? null,
      held: { ...held, flood: await effects.countHeld('flood') },
    }
    if (hasOption(args, 'json')) terminal.out(JSON.stringify(queue))
    else show(queue, terminal, Date.now())
    return queue.lengths.some(({ count }) => count > 0) ? 0 : 3
  },
}

type Shown = EmissionQueue & {
  readonly pause: { readonly reason: string; readonly actor: string; readonly begunAt: string } | null
  readonly held: Readonly<Record<string, number>>
}

function show({ limits, left, lengths, pause, held }: Shown, terminal: Terminal, nowMs: number): void {
  if (pause)
    terminal.out(`effects are PAUSED since ${pause.begunAt} by ${pause.actor}: ${printable(pause.reason)}`)
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
  const holds = Object.entries(held).flatMap(([because, count]) => (count > 0 ? [`${count} ${because}`] : []))
  if (holds.length > 0) terminal.out(`effects held: ${holds.join(', ')}: see harrier effects --state held`)
}
