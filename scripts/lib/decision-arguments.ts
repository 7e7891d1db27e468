import { takedownScopes } from '../../src/model/policy.ts'
import {
  type DecisionRequest,
  maxReasonChars,
  type ReviewDecision,
  reviewDecisions,
  type Suppression,
} from '../../src/model/review-decision.ts'
import { type Arguments, hasOption, parseId, textOption, UsageError, wordOption } from './arguments.ts'
import type { Option } from './command.ts'

const names = Object.keys(reviewDecisions) as readonly ReviewDecision[]

/** The options that make up a decision. */
export const decisionOptions: Readonly<Record<string, Option>> = {
  decision: { type: 'string', value: 'WORD', help: names.join(', ') },
  reason: {
    type: 'string',
    value: 'TEXT',
    help: `why, or the comment; at most ${maxReasonChars} characters`,
  },
  val: { type: 'string', value: 'LABEL', help: 'label: the value' },
  by: { type: 'string', value: 'TARGET', help: 'takedown: who is to do it, of HARRIER_TARGETS' },
  of: { type: 'string', value: 'WHAT', help: `takedown: ${takedownScopes.join(', ')}` },
  'with-held': {
    type: 'boolean',
    help: 'label, takedown: carry out what else is held, instead of dropping it',
  },
  content: { type: 'string', value: 'N', help: 'reverse: only what goes back to this content' },
  deconfirm: { type: 'boolean', help: 'reverse: the content is not what its bank is for, either' },
  suppress: {
    type: 'string',
    value: 'BANK',
    help: 'reverse: put the content’s hashes into this negative bank',
  },
  'suppress-image': { type: 'string', value: 'BANK', help: 'reverse: put the image’s hashes there, instead' },
}

/** Which options go with a decision, beside its reason. */
const own: Readonly<Partial<Record<ReviewDecision, readonly string[]>>> = {
  label: ['val', 'with-held'],
  takedown: ['by', 'of', 'with-held'],
  reverse: ['content', 'deconfirm', 'suppress', 'suppress-image'],
}

/** Returns the decision that the options are. @throws {UsageError} when they are none, or do not go together. */
export function parseDecision(args: Arguments): DecisionRequest {
  const decision = wordOption(args, 'decision', names)
  if (decision === undefined) throw new UsageError(`Expected --decision, one of ${names.join(', ')}`)
  for (const [of, options] of Object.entries(own)) {
    const stray = options.find((name) => args.options[name] !== undefined && !own[decision]?.includes(name))
    if (stray) throw new UsageError(`Expected --decision ${of} with --${stray} but received ${decision}`)
  }
  const reason = decision === 'comment' ? required(args, 'reason', decision) : textOption(args, 'reason')
  return { ...(reason !== undefined && { reason }), ...parseRest(args, decision) }
}

function parseRest(args: Arguments, decision: ReviewDecision): DecisionRequest {
  const isHeldApplied = hasOption(args, 'with-held')
  if (decision === 'label') return { decision, val: required(args, 'val', decision), isHeldApplied }
  if (decision === 'reverse') return parseReversal(args)
  if (decision !== 'takedown') return { decision }
  const of = wordOption(args, 'of', takedownScopes)
  if (of === undefined)
    throw new UsageError(`Expected --of, one of ${takedownScopes.join(', ')}, for takedown`)
  return { decision, of, target: required(args, 'by', decision), isHeldApplied }
}

function parseReversal(args: Arguments): DecisionRequest {
  const content = textOption(args, 'content')
  const suppress = parseSuppression(args)
  return {
    decision: 'reverse',
    isDeconfirmed: hasOption(args, 'deconfirm'),
    ...(content !== undefined && { contentId: parseId(content, '--content') }),
    ...(suppress && { suppress }),
  }
}

function parseSuppression(args: Arguments): Suppression | undefined {
  const content = textOption(args, 'suppress')
  const image = textOption(args, 'suppress-image')
  if (content !== undefined && image !== undefined)
    throw new UsageError('Expected --suppress or --suppress-image, and not both')
  if (content !== undefined) return { bank: content, what: 'content' }
  return image === undefined ? undefined : { bank: image, what: 'image' }
}

function required(args: Arguments, name: string, decision: ReviewDecision): string {
  const text = textOption(args, name)
  if (text !== undefined && text !== '') return text
  throw new UsageError(`Expected --${name} for ${decision}`)
}
