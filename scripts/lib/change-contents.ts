import type { ContentChange } from '../../src/model/curation.ts'
import { type Arguments, hasOption, parseId } from './arguments.ts'
import type { ExitCode } from './command.ts'
import { openCommandTools } from './open-command-tools.ts'
import { requireBank } from './require-bank.ts'
import type { Terminal } from './terminal.ts'

/**
 * Changes contents of a bank, whose name and ids are the arguments, and says so in `done`'s words or in JSON. Those that the
 * bank does not have are told of, and the exit code is 3 for them.
 */
export async function changeContents(
  args: Arguments,
  terminal: Terminal,
  change: ContentChange,
  done: string,
): Promise<ExitCode> {
  const [name = '', ...texts] = args.positionals
  const ids = texts.map((text) => parseId(text, 'CONTENT_ID'))
  await using tools = await openCommandTools()
  const bank = await requireBank(tools, name)
  let isMissing = false
  for (const id of ids) {
    const content = await tools.curation.updateContent(bank, id, change)
    if (!content) {
      isMissing = true
      terminal.err(`harrier: No such content: content ${id} of bank ${name}`)
    } else if (hasOption(args, 'json')) terminal.out(JSON.stringify(content))
    else terminal.out(`content ${id} of bank ${name} ${done}`)
  }
  return isMissing ? 3 : 0
}
