import { parseDuration } from '../../src/lib/duration.ts'
import { type Priority, priorities } from '../../src/model/emission.ts'
import {
  type Cid,
  parseAtUri,
  parseBlobCid,
  parseCid,
  parseDid,
  type SubjectUri,
} from '../../src/model/ids.ts'
import { type Arguments, textOption, UsageError, wordOption } from './arguments.ts'
import type { Option } from './command.ts'

/** What `label` and `negate` are about. */
export type LabelArguments = {
  readonly uri: SubjectUri
  readonly val: string
  readonly cid: Cid | undefined
  /** ISO 8601; later than the present. */
  readonly exp: string | undefined
  readonly priority: Priority
}

/** What help says of the parameters `URI|DID VAL`. */
export const labelParameters: Readonly<Record<string, string>> = {
  'URI|DID': 'a record, at://<did>/<collection>/<rkey>, or an account, did:…',
  VAL: 'the label value',
}

/** The option for one version of a record. */
export const cidOption: { readonly cid: Option } = {
  cid: {
    type: 'string',
    value: 'CID',
    help: 'only this version of the record',
    defaultText: 'every version',
  },
}

/** The option for a label that stops holding by itself. */
export const expiresOption: { readonly expires: Option } = {
  expires: {
    type: 'string',
    value: 'WHEN',
    help: 'when it stops holding: in 12h, in 30d, or at a time such as 2027-01-31T12:00:00Z',
    defaultText: 'never',
  },
}

/** The option for the place in the queue of emissions. */
export const priorityOption: { readonly priority: Option } = {
  priority: {
    type: 'string',
    value: 'WORD',
    help: `with an emission budget, how soon to publish: ${priorities.join(', ')}`,
    defaultText: 'urgent',
  },
}

/** Returns the checked arguments of `label` and `negate`; `now` is what `--expires 30d` counts from. @throws {UsageError} */
export function parseLabelArguments(args: Arguments, now: Date): LabelArguments {
  const [subject = '', val = ''] = args.positionals
  const uri = parseSubject(subject)
  const priority = wordOption(args, 'priority', priorities) ?? 'urgent'
  return { uri, val, cid: parseCidOption(args, uri), exp: parseExpiresOption(args, now), priority }
}

/** Returns the account or the record that a parameter names. @throws {UsageError} */
export function parseSubject(text: string): SubjectUri {
  const uri = parseAtUri(text) ?? parseDid(text)
  if (uri !== undefined) return uri
  throw new UsageError(
    `Expected at://<did>/<collection>/<rkey> or a DID but received ${JSON.stringify(text)}`,
  )
}

/** Returns the CID of `--blob`. @throws {UsageError} */
export function parseBlobOption(args: Arguments): Cid | undefined {
  const text = textOption(args, 'blob')
  const blob = text === undefined ? undefined : parseBlobCid(text)
  if (text === undefined || blob !== undefined) return blob
  throw new UsageError(`Expected the CID of a blob for --blob but received ${JSON.stringify(text)}`)
}

function parseCidOption(args: Arguments, uri: SubjectUri): Cid | undefined {
  const text = textOption(args, 'cid')
  if (text === undefined) return undefined
  const cid = parseCid(text)
  if (cid === undefined) throw new UsageError(`Expected a CID for --cid but received ${JSON.stringify(text)}`)
  if (!uri.startsWith('at://'))
    throw new UsageError('Expected --cid only with a record, for an account has no versions')
  return cid
}

function parseExpiresOption(args: Arguments, now: Date): string | undefined {
  const text = textOption(args, 'expires')
  if (text === undefined) return undefined
  const inMs = parseDuration(text)
  const atMs =
    inMs === undefined && isoDate.test(text) ? Date.parse(text) : now.getTime() + (inMs ?? Number.NaN)
  if (atMs > now.getTime()) return new Date(atMs).toISOString()
  throw new UsageError(
    `Expected a duration such as 30d, or a date to come, for --expires but received ${JSON.stringify(text)}`,
  )
}

/** A day, or a time of day with its offset from UTC: what means the same on every machine. */
const isoDate = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/
