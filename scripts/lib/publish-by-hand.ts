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
  const { uri, val, cid, exp } = parseLabelArguments(args, new Date())
  await using tools = await openCommandTools()
  const labels = await tools.publish({
    uri,
    val,
    ...(cid === undefined ? {} : { cid }),
    ...(exp === undefined ? {} : { exp }),
    ...(kind === 'negation' ? { neg: true as const } : {}),
  })
  if (hasOption(args, 'json')) {
    for (const label of labels) terminal.out(formatLabelJson(label))
    if (labels.length === 0) terminal.out('null')
  } else {
    for (const label of labels) terminal.out(formatLabel(label))
    if (labels.length === 0) terminal.out(`that ${kind} holds already; nothing to publish`)
  }
  return 0
}
