import type { AtUri, Cid, SubjectUri } from '../../src/model/ids.ts'
import { parseDid } from '../../src/model/ids.ts'
import type { TargetSubject } from '../../src/model/target.ts'
import type { Tools } from '../../src/tools.ts'
import { hasOption, textOption, UsageError } from '../lib/arguments.ts'
import { chooseTarget } from '../lib/choose-target.ts'
import { type Command, dryRunOption, jsonOption, yesOption } from '../lib/command.ts'
import { giveOrder } from '../lib/give-order.ts'
import { parseBlobOption, parseSubject } from '../lib/label-arguments.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'

/** `harrier takedown`: has a target take something down. */
export const takedownCommand: Command = {
  name: 'takedown',
  summary: 'have a record, a blob or an account taken down',
  parameters: 'URI|DID',
  arguments: { 'URI|DID': 'a record, at://<did>/<collection>/<rkey>, or an account, did:…' },
  arity: [1, 1],
  options: {
    blob: {
      type: 'string',
      value: 'CID',
      help: 'this blob of the account, and not the record or the account',
    },
    everywhere: {
      type: 'boolean',
      help: 'with --blob: in every account where it was seen, and in those where it will be',
    },
    by: {
      type: 'string',
      value: 'TARGET',
      help: 'the target of HARRIER_TARGETS that does it',
      defaultText: 'the only one that can',
    },
    ...yesOption,
    ...dryRunOption,
    ...jsonOption,
  },
  notes: [
    'A record goes with its images: those of the version that was seen last, or where it was never seen, those that its host\n' +
      'has now. An account, or a blob in several accounts, is asked about first. The running service carries it out, at the\n' +
      'latest when effects are no longer paused; harrier effects shows what the target said, harrier restore gives it back.',
    'JSON: one object per effect, as harrier effects shows them.',
  ],
  examples: [
    'takedown at://did:plc:…/app.bsky.feed.post/3k… --dry-run',
    'takedown did:plc:… --blob bafkrei… --everywhere --yes',
  ],
  exits: { 1: 'failed, or the answer was not yes', 3: 'it stands already' },
  async run(args, terminal) {
    const uri = parseSubject(args.positionals[0] ?? '')
    const blob = parseBlobOption(args)
    const isEverywhere = hasOption(args, 'everywhere')
    if (isEverywhere && blob === undefined) throw new UsageError('Expected --blob with --everywhere')
    await using tools = await openCommandTools()
    const acting = tools.acting()
    const target = chooseTarget(acting.targets, 'takedown', textOption(args, 'by'), '--by')
    const subject = await subjectOf(tools, uri, blob)
    return await giveOrder(args, terminal, tools, { kind: 'takedown', target, subject, isEverywhere })
  },
}

async function subjectOf(tools: Tools, uri: SubjectUri, blob: Cid | undefined): Promise<TargetSubject> {
  const account = parseDid(uri)
  if (blob === undefined)
    return account === undefined
      ? await tools.acting().findRecord(uri as AtUri, new AbortController().signal)
      : { kind: 'account', did: account }
  const did = account ?? parseDid(uri.split('/')[2] ?? '')
  if (did === undefined) throw new UsageError(`Expected a DID in ${uri}`)
  return { kind: 'blob', did, cid: blob, ...(account === undefined && { uri: uri as AtUri }) }
}
