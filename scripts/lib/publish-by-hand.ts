import { type Arguments, hasOption } from './arguments.ts'
import type { ExitCode } from './command.ts'
import { formatLabel, formatLabelJson } from './format-label.ts'
import { parseLabelArguments } from './label-arguments.ts'
import { openCommandTools } from './open-command-tools.ts'
import type { Terminal } from './terminal.ts'

/** Publishes the label, or its negation, that the arguments name, and says what became of it. */
export async function publishByHand(
  args: Arguments,
  terminal: Terminal,
  kind: 'label' | 'negation',
): Promise<ExitCode> {
  const { uri, val, cid } = parseLabelArguments(args)
  await using tools = await openCommandTools()
  const label = await tools.publish({
    uri,
    val,
    ...(cid === undefined ? {} : { cid }),
    ...(kind === 'negation' ? { neg: true as const } : {}),
  })
  if (hasOption(args, 'json')) terminal.out(label === undefined ? 'null' : formatLabelJson(label))
  else
    terminal.out(label === undefined ? `that ${kind} holds already; nothing to publish` : formatLabel(label))
  return 0
}
