import { maxTextLengths } from '../../src/model/bank.ts'
import { type ContentChange, maxOriginLengths } from '../../src/model/curation.ts'
import { type Arguments, textOption, UsageError } from '../lib/arguments.ts'
import { changeContents } from '../lib/change-contents.ts'
import { type Command, jsonOption } from '../lib/command.ts'

/** `harrier bank describe`: what people say of a content. */
export const bankDescribeCommand: Command = {
  name: 'bank describe',
  summary: 'say what a content of a bank is',
  parameters: 'BANK CONTENT_ID',
  arguments: { BANK: 'its name', CONTENT_ID: 'the content, by the number that bank add and match show' },
  arity: [2, 2],
  options: {
    note: { type: 'string', value: 'TEXT', help: `for people; at most ${maxTextLengths.note} characters` },
    label: {
      type: 'string',
      value: 'TEXT',
      help: `how its source classifies it; at most ${maxTextLengths.label} characters`,
    },
    'source-id': {
      type: 'string',
      value: 'TEXT',
      help: `what its source calls it; at most ${maxTextLengths.sourceId} characters`,
    },
    uri: {
      type: 'string',
      value: 'URI',
      help: `what refers to it elsewhere; at most ${maxOriginLengths.uri} characters`,
    },
    metadata: { type: 'string', value: 'JSON', help: 'anything else, as an object of JSON' },
    ...jsonOption,
  },
  notes: [
    'What is given replaces what was said before, an empty text takes it away (of metadata: null); what is not given stays.\n' +
      'The audit says which of them changed, and none of the texts.',
    'JSON: the content as bank contents shows it.',
  ],
  examples: [
    'bank describe spam 17 --note "from the report of 3 May"',
    'bank describe spam 17 --label A1 --metadata null',
  ],
  exits: { 3: 'the bank has no such content' },
  run: (args, terminal) => changeContents(args, terminal, parseChange(args), 'is described'),
}

function parseChange(args: Arguments): ContentChange {
  const note = boundedText(args, 'note', maxTextLengths.note)
  const label = boundedText(args, 'label', maxTextLengths.label)
  const sourceId = boundedText(args, 'source-id', maxTextLengths.sourceId)
  const contentUri = boundedText(args, 'uri', maxOriginLengths.uri)
  const metadata = parseMetadata(boundedText(args, 'metadata', maxOriginLengths.metadata))
  const change = {
    ...(note !== undefined && { note }),
    ...(label !== undefined && { label }),
    ...(sourceId !== undefined && { sourceId }),
    ...(contentUri !== undefined && { contentUri }),
    ...(metadata !== undefined && { metadata }),
  }
  if (Object.keys(change).length > 0) return change
  throw new UsageError('Expected something to say for bank describe, such as --note TEXT')
}

function boundedText(args: Arguments, name: string, max: number): string | undefined {
  const text = textOption(args, name)
  if (text === undefined || text.length <= max) return text
  throw new UsageError(`Expected at most ${max} characters for --${name} but received ${text.length}`)
}

function parseMetadata(text: string | undefined): ContentChange['metadata'] {
  if (text === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new UsageError('Expected JSON for --metadata but received something else')
  }
  if (value === null) return null
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>
  throw new UsageError('Expected an object of JSON, or null, for --metadata but received something else')
}
