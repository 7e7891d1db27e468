import { type EffectState, effectStates, type HoldReason, holdReasons } from '../../src/model/effect.ts'
import { hasOption, integerOption, textOption, wordOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { formatEffects } from '../lib/format-effects.ts'
import { parseSubject } from '../lib/label-arguments.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { requireBank } from '../lib/require-bank.ts'

const defaultLimit = 50
const maxLimit = 10_000

/** `harrier effects`: what was done, and what is held. */
export const effectsCommand: Command = {
  name: 'effects',
  summary: 'list what was done because of matches and orders, and what is held',
  parameters: '[URI|DID]',
  arguments: { 'URI|DID': 'only those about a record, or about an account and all of its records' },
  arity: [0, 1],
  options: {
    state: { type: 'string', value: 'STATE', help: effectStates.join(', '), defaultText: 'all' },
    because: { type: 'string', value: 'WORD', help: `only what is held for that: ${holdReasons.join(', ')}` },
    content: { type: 'string', value: 'N', help: 'only those that go back to this content' },
    bank: { type: 'string', value: 'NAME', help: 'only those that go back to this bank' },
    before: {
      type: 'string',
      value: 'N',
      help: 'only effects with a smaller number: the page after one that ended there',
    },
    limit: { type: 'string', value: 'N', help: 'at most so many', defaultText: String(defaultLimit) },
    ...jsonOption,
  },
  notes: [
    'The newest first. held waits: for a pause to end, for a person to look at what is beyond a quota, or at a content that\n' +
      'matches too often. pending is on its way to its target, done holds, failed did not come to be: see harrier outbox. undoing\n' +
      'is being lifted, undone was, dropped never happened.',
    'JSON: one object per effect: id, kind, target, subject, did, uri, recordCid, blobCid, detail, action, state, because,\n' +
      'outcome (what the target said), actor, jobId, reviewId, cause (bank, content, distance), createdAt, settledAt, undoneAt,\n' +
      'undoneBy.',
  ],
  examples: [
    'effects --state held',
    'effects at://did:plc:…/app.bsky.feed.post/3k… --json',
    'effects --content 17',
  ],
  exits: { 0: 'at least one effect', 3: 'no effect' },
  async run(args, terminal) {
    const [subject] = args.positionals
    const because = wordOption(args, 'because', holdReasons)
    const state = wordOption(args, 'state', effectStates)
    const states: readonly EffectState[] = statesOf(state, because)
    const wanted = {
      states,
      because,
      subject: subject === undefined ? undefined : parseSubject(subject),
      contentId: integerOption(args, 'content', 1, Number.MAX_SAFE_INTEGER),
      before: integerOption(args, 'before', 1, Number.MAX_SAFE_INTEGER),
      limit: integerOption(args, 'limit', 1, maxLimit) ?? defaultLimit,
    }
    const bankName = textOption(args, 'bank')
    await using tools = await openCommandTools()
    const bankId = bankName === undefined ? undefined : (await requireBank(tools, bankName)).id
    const effects = await tools.acting().effects.list({ ...wanted, bankId })
    if (hasOption(args, 'json')) for (const effect of effects) terminal.out(JSON.stringify(effect))
    else if (effects.length === 0) terminal.err('no effects')
    else for (const line of formatEffects(effects)) terminal.out(line)
    return effects.length > 0 ? 0 : 3
  },
}

function statesOf(state: EffectState | undefined, because: HoldReason | undefined): readonly EffectState[] {
  if (state !== undefined) return [state]
  return because === undefined ? effectStates : ['held']
}
