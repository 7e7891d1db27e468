import { type AtUri, parseDid } from '../../src/model/ids.ts'
import { textOption, UsageError } from '../lib/arguments.ts'
import { chooseTarget } from '../lib/choose-target.ts'
import { type Command, dryRunOption, jsonOption, yesOption } from '../lib/command.ts'
import { giveOrder } from '../lib/give-order.ts'
import { parseSubject } from '../lib/label-arguments.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'

/** `harrier report`: reports something to a moderation service. */
export const reportCommand: Command = {
  name: 'report',
  summary: 'report a record or an account to a moderation service',
  parameters: 'URI|DID',
  arguments: { 'URI|DID': 'a record, at://<did>/<collection>/<rkey>, or an account, did:…' },
  arity: [1, 1],
  options: {
    to: {
      type: 'string',
      value: 'TARGET',
      help: 'the target of HARRIER_TARGETS that is to have it',
      defaultText: 'the only one that takes reports',
    },
    'reason-type': {
      type: 'string',
      value: 'TYPE',
      help: 'why, such as tools.ozone.report.defs#reasonChildSafetyCSAM; needed',
    },
    ...yesOption,
    ...dryRunOption,
    ...jsonOption,
  },
  notes: [
    'It says who asked, and no words of yours. The running service sends it, once; what was sent is not taken back. A whole\n' +
      'account is asked about first.',
    'JSON: one object per effect, as harrier effects shows them.',
  ],
  examples: ['report did:plc:… --to mod --reason-type com.atproto.moderation.defs#reasonSpam'],
  exits: { 1: 'failed, or the answer was not yes', 3: 'it was reported already' },
  async run(args, terminal) {
    const uri = parseSubject(args.positionals[0] ?? '')
    const reasonType = textOption(args, 'reason-type')
    if (reasonType === undefined || !/^[\w.-]+#[\w-]+$/.test(reasonType))
      throw new UsageError(
        'Expected --reason-type such as com.atproto.moderation.defs#reasonSpam, to say what it is reported for',
      )
    await using tools = await openCommandTools()
    const acting = tools.acting()
    const target = chooseTarget(acting.targets, 'report', textOption(args, 'to'), '--to')
    const did = parseDid(uri)
    const subject =
      did === undefined
        ? await acting.findRecord(uri as AtUri, new AbortController().signal)
        : ({ kind: 'account', did } as const)
    return await giveOrder(args, terminal, tools, { kind: 'report', target, subject, reasonType })
  },
}
