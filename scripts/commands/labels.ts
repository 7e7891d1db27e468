import type { SequencedLabel } from '../../src/model/label.ts'
import type { Tools } from '../../src/tools.ts'
import { hasOption, UsageError } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { formatLabelJson } from '../lib/format-label.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { formatTable } from '../lib/terminal.ts'

/** `harrier labels`: the labels that hold now. */
export const labelsCommand: Command = {
  name: 'labels',
  summary: 'list the labels that hold now',
  parameters: 'URI-PATTERN...',
  arguments: {
    'URI-PATTERN': "a record or an account, or the beginning of one with * at its end; '*' for all",
  },
  arity: [1, 100],
  options: jsonOption,
  notes: [
    'Withdrawn and expired labels are left out. Quote patterns, or the shell may expand them.\n' +
      'JSON: one object per label, in the order published: seq, src, uri, cid, val, cts, exp.',
  ],
  examples: ["labels '*'", "labels 'at://did:plc:…/*' --json"],
  exits: { 0: 'at least one label', 3: 'no label' },
  async run(args, terminal) {
    const patterns = args.positionals
    const misplaced = patterns.find((pattern) => pattern.slice(0, -1).includes('*'))
    if (misplaced !== undefined) {
      throw new UsageError(
        `Expected * only at the end of a pattern but received ${JSON.stringify(misplaced)}`,
      )
    }
    await using tools = await openCommandTools()
    const labels = await queryAll(tools, patterns)
    if (hasOption(args, 'json')) {
      for (const label of labels) terminal.out(formatLabelJson(label))
    } else if (labels.length === 0) {
      terminal.err('no labels')
    } else {
      const rows = labels.map(({ seq, val, uri, cts, exp }) => [
        String(seq),
        val,
        uri,
        cts,
        exp ?? 'withdrawn',
      ])
      for (const line of formatTable([['seq', 'value', 'subject', 'since', 'until'], ...rows]))
        terminal.out(line)
    }
    return labels.length > 0 ? 0 : 3
  },
}

const pageSize = 1000

async function queryAll(tools: Tools, patterns: readonly string[]): Promise<SequencedLabel[]> {
  const labels: SequencedLabel[] = []
  while (true) {
    const page = await tools.queryLabels(patterns, labels.at(-1)?.seq ?? 0, pageSize)
    labels.push(...page)
    if (page.length < pageSize) return labels
  }
}
