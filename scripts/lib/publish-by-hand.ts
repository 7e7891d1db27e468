import { parseDid } from '../../src/model/ids.ts'
import type { PublishOutcome } from '../../src/tools.ts'
import { type Arguments, hasOption } from './arguments.ts'
import type { ExitCode } from './command.ts'
import { confirm } from './confirm.ts'
import { formatLabel, formatLabelJson } from './format-label.ts'
import { parseLabelArguments } from './label-arguments.ts'
import { openCommandTools } from './open-command-tools.ts'
import type { Terminal } from './terminal.ts'

/** Publishes the label, or its negation, that the arguments name, and says what became of it; asks first where it is an account’s. */
export async function publishByHand(
  args: Arguments,
  terminal: Terminal,
  kind: 'label' | 'negation',
): Promise<ExitCode> {
  const { uri, val, cid, exp, priority } = parseLabelArguments(args, new Date())
  const isRehearsal = hasOption(args, 'dry-run')
  if (!isRehearsal && parseDid(uri) !== undefined) {
    const isWanted = await confirm(args, `${kind} ${val} of the account ${uri}, with all of its content?`)
    if (!isWanted) {
      terminal.err('nothing was done')
      return 1
    }
  }
  await using tools = await openCommandTools()
  const outcome = await tools.publish(
    {
      uri,
      val,
      priority,
      ...(cid === undefined ? {} : { cid }),
      ...(exp === undefined ? {} : { exp }),
      ...(kind === 'negation' ? { neg: true as const } : {}),
    },
    isRehearsal,
  )
  if (isRehearsal) return tellRehearsal(outcome, hasOption(args, 'json'), terminal)
  const labels = outcome.kind === 'published' ? outcome.labels : []
  if (hasOption(args, 'json')) {
    for (const label of labels) terminal.out(formatLabelJson(label))
    if (labels.length === 0)
      terminal.out(outcome.kind === 'unchanged' ? 'null' : JSON.stringify({ [outcome.kind]: true }))
  } else {
    for (const label of labels) terminal.out(formatLabel(label))
    if (outcome.kind !== 'published') terminal.out(sentences[outcome.kind](kind, priority))
  }
  return 0
}

/** What would be published has no seq and no time yet. */
function tellRehearsal(outcome: PublishOutcome, isJson: boolean, terminal: Terminal): ExitCode {
  const labels = outcome.kind === 'published' ? outcome.labels : []
  const would = labels.map(({ uri, val, cid, neg, exp }) => ({ uri, val, cid, neg, exp }))
  if (isJson) terminal.out(JSON.stringify({ outcome: outcome.kind, labels: would, isDryRun: true }))
  else {
    for (const { uri, val, cid, neg } of would)
      terminal.out(
        `${neg ? 'would withdraw' : 'would publish'} ${val} ${uri}${cid === undefined ? '' : ` (${cid})`}`,
      )
    if (outcome.kind !== 'published') terminal.out(rehearsals[outcome.kind])
    terminal.out('nothing was changed')
  }
  return 0
}

const rehearsals = {
  queued: 'would put it into the queue; the running service publishes it',
  cancelled: 'would undo what waits in the queue',
  unchanged: 'would change nothing: it holds already, or there is nothing to withdraw',
} as const

const sentences = {
  queued: (kind: string, priority: string) =>
    `that ${kind} waits for the emission budget (${priority}); the running service publishes it: see harrier queue`,
  cancelled: (kind: string) => `that ${kind} undid what was waiting in the queue; nothing is published`,
  unchanged: (kind: string) => `that ${kind} holds already; nothing to publish`,
} as const
