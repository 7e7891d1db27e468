import { type Arguments, hasOption, UsageError } from './arguments.ts'
import { openPrompt, type Prompt } from './prompt.ts'

/**
 * Returns whether a person wants it done: `--yes` says so in advance, at a terminal the answer `yes` does.
 * @throws {UsageError} without `--yes` where nobody can be asked.
 */
export async function confirm(
  args: Arguments,
  question: string,
  open: () => Prompt = openPrompt,
): Promise<boolean> {
  if (hasOption(args, 'yes')) return true
  using prompt = open()
  if (!prompt.isInteractive)
    throw new UsageError(`Expected --yes, since nobody is at a terminal to answer: ${question}`)
  return (await prompt.ask(`${question} Type yes to do it: `)) === 'yes'
}
