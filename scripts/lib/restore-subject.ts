import type { StoredEffect } from '../../src/model/effect.ts'
import type { ActingTools, Tools } from '../../src/tools.ts'
import { type Arguments, hasOption } from './arguments.ts'
import type { ExitCode } from './command.ts'
import { confirm } from './confirm.ts'
import { describeEffect } from './format-effects.ts'
import type { Terminal } from './terminal.ts'
import { waitForLifting } from './wait-for-lifting.ts'

type TakenBack = Parameters<ActingTools['restoring']['restore']>[0]
type Restored = Awaited<ReturnType<ActingTools['restoring']['restore']>>

/** What a subject is restored with, beside what was taken. */
export type RestoreSubject = {
  readonly taken: TakenBack
  /** Adds to a negative bank what is to act no more, with these tools. */
  readonly suppress: ((acting: ActingTools) => Promise<void>) | undefined
}

/** Shows what would be undone, asks where it is an account or a blob everywhere, undoes it, and waits until that is carried out. */
export async function restoreSubject(
  args: Arguments,
  terminal: Terminal,
  tools: Tools,
  { taken, suppress }: RestoreSubject,
): Promise<ExitCode> {
  const isJson = hasOption(args, 'json')
  const isDryRun = hasOption(args, 'dry-run')
  const rehearsed = tools.acting(true)
  const planned = await rehearsed.restoring.restore(taken)
  if (suppress) await suppress(rehearsed)
  if (isDryRun || !isJson) show(planned, args, terminal)
  const isNothing = planned.effects.length + planned.values.length === 0
  if (isDryRun || (isNothing && !suppress)) return isNothing ? 3 : 0
  if (isWide(taken) && !(await confirm(args, `undo all of this about ${taken.blob ?? taken.subject}?`))) {
    terminal.err('nothing was done')
    return 1
  }
  const acting = tools.acting()
  // First, so that the image acts on nothing more while the rest is undone.
  if (suppress) await suppress(acting)
  const restored = await acting.restoring.restore(taken)
  if (isJson)
    for (const label of restored.values) terminal.out(JSON.stringify({ label, subject: taken.subject }))
  return hasOption(args, 'no-wait')
    ? tellUnwaited(restored.effects, isJson, terminal)
    : await waitForLifting(acting, restored.effects, isJson, terminal)
}

function isWide({ subject, blob, isEverywhere }: TakenBack): boolean {
  return isEverywhere === true || (subject.startsWith('did:') && blob === undefined)
}

function show({ effects, values }: Restored, args: Arguments, terminal: Terminal): void {
  const isDryRun = hasOption(args, 'dry-run')
  if (hasOption(args, 'json')) {
    for (const { outcome: _, ...effect } of effects) terminal.out(JSON.stringify({ ...effect, isDryRun }))
    for (const label of values) terminal.out(JSON.stringify({ label, isDryRun }))
    return
  }
  for (const effect of effects)
    terminal.out(`${isDryRun ? 'would undo' : 'undoes'} ${describeEffect(effect)}`)
  for (const val of values) terminal.out(`${isDryRun ? 'would withdraw' : 'withdraws'} label ${val}`)
  if (effects.length + values.length === 0) terminal.err('nothing stands that could be undone')
  else if (isDryRun) terminal.out('nothing was changed')
}

function tellUnwaited(effects: readonly StoredEffect[], isJson: boolean, terminal: Terminal): ExitCode {
  if (isJson) for (const effect of effects) terminal.out(JSON.stringify(effect))
  else terminal.out('the running service carries it out: see harrier effects')
  return 0
}
