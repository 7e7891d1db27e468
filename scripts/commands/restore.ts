import type { AtUri, Cid, SubjectUri } from '../../src/model/ids.ts'
import type { ActingTools, Tools } from '../../src/tools.ts'
import { type Arguments, hasOption, integerOption, textOption, UsageError } from '../lib/arguments.ts'
import { type Command, dryRunOption, jsonOption, yesOption } from '../lib/command.ts'
import { parseBlobOption, parseSubject } from '../lib/label-arguments.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { requireBank } from '../lib/require-bank.ts'
import { restoreBank } from '../lib/restore-bank.ts'
import { restoreSubject } from '../lib/restore-subject.ts'

/** `harrier restore`: undoes what was done. */
export const restoreCommand: Command = {
  name: 'restore',
  summary: 'undo all that was done about a subject, or because of a bank',
  parameters: '[URI|DID]',
  arguments: { 'URI|DID': 'a record, at://<did>/<collection>/<rkey>, or an account, did:…' },
  arity: [0, 1],
  options: {
    blob: { type: 'string', value: 'CID', help: 'only what was done because of this image, and to it' },
    everywhere: { type: 'boolean', help: 'with --blob: its takedowns in every account' },
    content: {
      type: 'string',
      value: 'N',
      help: 'only what goes back to this content, and nothing else calls for',
    },
    bank: {
      type: 'string',
      value: 'NAME',
      help: 'everything that goes back to this bank, also to one that was removed',
    },
    suppress: {
      type: 'string',
      value: 'NEGATIVE-BANK',
      help: 'add the content of --content, or the images, to this negative bank, so that they act no more',
    },
    'no-wait': { type: 'boolean', help: 'do not wait until the service has carried it out' },
    ...yesOption,
    ...dryRunOption,
    ...jsonOption,
  },
  notes: [
    'It shows what it will undo, then undoes it: labels are withdrawn, takedowns lifted as far as no other holds the same, what\n' +
      'was held or not sent yet is dropped, endpoints are told. The machine does not do the same again to the same version of a\n' +
      'record. A report that was sent stays. Restores and withdrawals go on while effects are paused.',
    'With --bank alone it works in pieces, may be broken off, and is begun again by the same command; an effect that a match of\n' +
      'another bank calls for stands, with that as its cause.',
    'JSON: one object per effect, as harrier effects shows them, with lifting (done, stuck) when it was waited for; per label that\n' +
      'no effect stands behind label and subject; with --bank one object: bank, standing, undone, others.',
  ],
  examples: [
    'restore at://did:plc:…/app.bsky.feed.post/3k… --dry-run',
    'restore at://did:plc:…/app.bsky.feed.post/3k… --content 17 --suppress harmless',
    'restore --bank old-spam --yes',
  ],
  exits: {
    1: 'failed, or the answer was not yes, or something could not be lifted (yet)',
    3: 'nothing stands that could be undone',
  },
  async run(args, terminal) {
    const bankName = textOption(args, 'bank')
    const [subject] = args.positionals
    if ((bankName === undefined) === (subject === undefined))
      throw new UsageError('Expected either URI|DID or --bank for restore, to say what to undo')
    const request = subject === undefined ? undefined : parseRequest(args, subject)
    await using tools = await openCommandTools()
    if (request === undefined) return await restoreBank(args, terminal, tools, bankName ?? '')
    const suppress = await suppressionOf(args, tools, request)
    return await restoreSubject(args, terminal, tools, { taken: request, suppress })
  },
}

type Request = {
  readonly subject: SubjectUri
  readonly blob: Cid | undefined
  readonly contentId: number | undefined
  readonly isEverywhere: boolean
}

function parseRequest(args: Arguments, text: string): Request {
  const subject = parseSubject(text)
  const blob = parseBlobOption(args)
  const isEverywhere = hasOption(args, 'everywhere')
  if (isEverywhere && blob === undefined) throw new UsageError('Expected --blob with --everywhere')
  const contentId = integerOption(args, 'content', 1, Number.MAX_SAFE_INTEGER)
  const isAccount = subject.startsWith('did:')
  if (hasOption(args, 'suppress') && isAccount && blob === undefined && contentId === undefined)
    throw new UsageError(
      'Expected --blob or --content with --suppress for an account, to say what acts no more',
    )
  return { subject, blob, contentId, isEverywhere }
}

async function suppressionOf(
  args: Arguments,
  tools: Tools,
  { subject, blob, contentId }: Request,
): Promise<((acting: ActingTools) => Promise<void>) | undefined> {
  const name = textOption(args, 'suppress')
  if (name === undefined) return undefined
  const negative = await requireBank(tools, name)
  if (contentId !== undefined) {
    const [effect] = await tools.acting().effects.list({ states: [...allStates], contentId, limit: 1 })
    const bank = (await tools.banks.list()).find(({ id }) => id === effect?.cause?.bankId)
    if (!bank)
      throw new UsageError(`Expected a content that something goes back to but received ${contentId}`)
    return (acting) => acting.suppress(negative, { bank, contentId })
  }
  const blobs = blob === undefined ? await tools.acting().imagesOf(subject as AtUri) : [blob]
  return async (acting) => {
    for (const image of blobs) await acting.suppress(negative, { blob: image })
  }
}

const allStates = ['held', 'pending', 'done', 'failed', 'undoing', 'undone', 'dropped'] as const
