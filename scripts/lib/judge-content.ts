import { AppError } from '../../src/lib/errors.ts'
import type { ActingTools, Tools } from '../../src/tools.ts'
import { type Arguments, hasOption, parseId, textOption, UsageError } from './arguments.ts'
import type { ExitCode } from './command.ts'
import { openCommandTools } from './open-command-tools.ts'
import { requireBank } from './require-bank.ts'
import type { Terminal } from './terminal.ts'

type Judged = Parameters<ActingTools['orders']['confirm']>[0]
type Bank = Awaited<ReturnType<typeof requireBank>>

/** The most characters of the reason of a verdict. */
export const maxReason = 500

/** Has a verdict on a content of a bank, whose name and id are the arguments, and says so in `done`'s words or in JSON. */
export async function judgeContent(
  args: Arguments,
  terminal: Terminal,
  done: string,
  judge: (
    acting: ActingTools,
    content: Judged,
    reason: string,
    place: { tools: Tools; bank: Bank },
  ) => Promise<boolean>,
): Promise<ExitCode> {
  const [name = '', text = ''] = args.positionals
  const contentId = parseId(text, 'CONTENT_ID')
  const reason = textOption(args, 'reason') ?? ''
  if (reason.length > maxReason)
    throw new UsageError(
      `Expected at most ${maxReason} characters for --reason but received ${reason.length}`,
    )
  const isRehearsal = hasOption(args, 'dry-run')
  await using tools = await openCommandTools()
  const bank = await requireBank(tools, name)
  if (!(await tools.contents.find(bank.id, contentId)))
    throw new AppError('not-found', `Expected a content of bank ${name} but it has no content ${contentId}`)
  const content = { bankId: bank.id, bank: name, contentId }
  const standing = await tools.acting().effects.list({ states: standingStates, contentId, limit: maxCounted })
  const isDone = await judge(tools.acting(isRehearsal), content, reason, { tools, bank })
  const result = { ...content, isDone, standing: standing.length, isDryRun: isRehearsal }
  if (hasOption(args, 'json')) terminal.out(JSON.stringify(result))
  else if (!isDone) terminal.err(`harrier: nothing was said of content ${contentId} of bank ${name}`)
  else tell(result, done, terminal)
  return isDone ? 0 : 3
}

const standingStates = ['held', 'pending', 'done', 'failed'] as const
const maxCounted = 10_000

function tell(
  {
    bank,
    contentId,
    standing,
    isDryRun,
  }: { bank: string; contentId: number; standing: number; isDryRun: boolean },
  done: string,
  terminal: Terminal,
): void {
  const effects = standing === maxCounted ? `at least ${standing}` : String(standing)
  terminal.out(
    `content ${contentId} of bank ${bank} ${isDryRun ? 'would be' : 'is'} ${done}; ${effects} effects go back to it`,
  )
  if (isDryRun) terminal.out('nothing was changed')
}
