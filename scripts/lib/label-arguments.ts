import { type Cid, parseAtUri, parseCid, parseDid, type SubjectUri } from '../../src/model/ids.ts'
import { type Arguments, textOption, UsageError } from './arguments.ts'
import type { Option } from './command.ts'

/** What `label` and `negate` are about. */
export type LabelArguments = {
  readonly uri: SubjectUri
  readonly val: string
  readonly cid: Cid | undefined
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

/** Returns the checked arguments of `label` and `negate`. @throws {UsageError} */
export function parseLabelArguments(args: Arguments): LabelArguments {
  const [subject = '', val = ''] = args.positionals
  const uri = parseAtUri(subject) ?? parseDid(subject)
  if (uri === undefined) {
    throw new UsageError(
      `Expected at://<did>/<collection>/<rkey> or a DID but received ${JSON.stringify(subject)}`,
    )
  }
  return { uri, val, cid: parseCidOption(args, uri) }
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
