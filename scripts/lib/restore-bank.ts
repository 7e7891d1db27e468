import type { Tools } from '../../src/tools.ts'
import { type Arguments, hasOption } from './arguments.ts'
import type { ExitCode } from './command.ts'
import { confirm } from './confirm.ts'
import { describeEffect } from './format-effects.ts'
import { requireRemovedBank } from './require-removed-bank.ts'
import type { Terminal } from './terminal.ts'

/** Undoes all that goes back to a bank, in pieces; one that broke off is begun again, and finds what is left. */
export async function restoreBank(
  args: Arguments,
  terminal: Terminal,
  tools: Tools,
  name: string,
): Promise<ExitCode> {
  const present = await tools.banks.find(name)
  const bank = present ?? (await requireRemovedBank(tools, name))
  const isRehearsal = hasOption(args, 'dry-run')
  const acting = tools.acting(isRehearsal)
  const standing = await acting.effects.countOfBank(bank.id)
  if (!hasOption(args, 'json')) terminal.out(`${standing} effects of bank ${name} stand`)
  if (standing === 0) return 3
  if (!isRehearsal && !(await confirm(args, `undo the ${standing} effects of bank ${name}?`))) {
    terminal.err('nothing was done')
    return 1
  }
  let undone = 0
  for (let afterId = 0; ; ) {
    const piece = await acting.restoring.restoreOfBank({ id: bank.id, isRemoved: !present }, afterId)
    undone += piece.undone.length
    if (isRehearsal && !hasOption(args, 'json'))
      for (const effect of piece.undone) terminal.out(`would undo ${describeEffect(effect)}`)
    if (piece.isDone) break
    afterId = piece.lastId
    terminal.progress(`${undone} of ${standing} undone`)
  }
  const result = { bank: name, standing, undone, others: standing - undone, isDryRun: isRehearsal }
  if (hasOption(args, 'json')) terminal.out(JSON.stringify(result))
  else tellEnd(result, terminal)
  return 0
}

function tellEnd(
  {
    undone,
    others,
    isDryRun,
  }: { readonly undone: number; readonly others: number; readonly isDryRun: boolean },
  terminal: Terminal,
): void {
  if (others > 0) terminal.out(`${others} stand, since another bank’s match calls for them`)
  if (isDryRun) terminal.out(`would undo ${undone}; nothing was changed`)
  else
    terminal.out(`${undone} undone; the running service carries it out: see harrier effects --state undoing`)
}
