import { formatSubject, type StoredEffect } from '../../src/model/effect.ts'
import type { TargetSubject } from '../../src/model/target.ts'
import type { ActingTools, Tools } from '../../src/tools.ts'
import { type Arguments, hasOption } from './arguments.ts'
import type { ExitCode } from './command.ts'
import { confirm } from './confirm.ts'
import { describeEffect } from './format-effects.ts'
import type { Terminal } from './terminal.ts'

type Order = Parameters<ActingTools['orders']['give']>[0]

/** Weighs an order, asks where it is about a whole account or about many, gives it, and says what came of it. */
export async function giveOrder(
  args: Arguments,
  terminal: Terminal,
  tools: Tools,
  order: Order,
): Promise<ExitCode> {
  const isRehearsal = hasOption(args, 'dry-run')
  const acting = tools.acting(isRehearsal)
  const subjects = await acting.orders.weigh(order)
  if (subjects.length > 0 && !isRehearsal && needsAsking(order, subjects)) {
    const what = subjects.length === 1 ? describe(subjects[0]) : `${subjects.length} accounts’ blobs`
    if (!(await confirm(args, `${order.kind} of ${what} by ${order.target}?`))) {
      terminal.err('nothing was done')
      return 1
    }
  }
  tell(await acting.orders.give(order), order, args, terminal)
  if (!hasOption(args, 'json') && (await acting.brakes.pause()))
    terminal.err('effects are paused: it waits for harrier resume')
  return subjects.length > 0 ? 0 : 3
}

function needsAsking({ subject }: Order, subjects: readonly TargetSubject[]): boolean {
  return subject.kind === 'account' || subjects.length > 1
}

function describe(subject: TargetSubject | undefined): string {
  return subject === undefined ? 'nothing' : `${subject.kind} ${formatSubject(subject)}`
}

function tell(effects: readonly StoredEffect[], order: Order, args: Arguments, terminal: Terminal): void {
  const isDryRun = hasOption(args, 'dry-run')
  if (hasOption(args, 'json')) {
    for (const { id, ...effect } of effects)
      terminal.out(JSON.stringify(isDryRun ? { ...effect, isDryRun } : { id, ...effect }))
    return
  }
  if (effects.length === 0) terminal.err(`that ${order.kind} stands already`)
  for (const effect of effects) {
    if (isDryRun) terminal.out(`would order ${order.kind} of ${effect.subject} by ${effect.target}`)
    else terminal.out(describeEffect(effect))
    if (effect.action.kind === 'takedown' && effect.action.subject.kind === 'record')
      for (const blob of effect.action.subject.blobs) terminal.out(`  with blob ${blob}`)
  }
  if (isDryRun) terminal.out('nothing was changed')
  else if (effects.length > 0) terminal.out('the running service carries it out: see harrier effects')
}
