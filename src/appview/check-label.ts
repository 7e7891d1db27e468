import { isValidUri } from '@atproto/syntax'
import { type SignatureFault, signatureFaults, type WireLabel } from '../atproto/verify-label.ts'
import { parseWireLabel } from '../atproto/wire-label.ts'
import { type Did, parseCid, parseDid } from '../model/ids.ts'
import { maxLabelValBytes } from '../model/label.ts'
import type { LabelState } from './label-state.ts'
import { utcOf } from './timestamp.ts'

const formFaults = {
  malformed: 'a field is missing, of another type, or no identifier or time that the AppView could use',
  'other-source': 'its src is another account than the labeler that sent it',
  'unsupported-version': 'its ver is not 1',
  'too-long': 'its subject, version and value together are longer than the AppView’s table can index',
} as const

type FormFault = keyof typeof formFaults

/** One reason not to take a label: its form, or its signature. */
export type LabelRefusal = FormFault | SignatureFault

/** Every reason not to take a label, each with a sentence. */
export const labelRefusals: Readonly<Record<LabelRefusal, string>> = { ...formFaults, ...signatureFaults }

/** A label whose form is right, as its signature covers it and as the table has it; or why it is refused. */
export type CheckedLabel =
  | { readonly kind: 'label'; readonly wire: WireLabel; readonly state: LabelState }
  | { readonly kind: 'refused'; readonly reason: FormFault }

/** PostgreSQL indexes at most 2,704 bytes a row; the rest is for headers and alignment. */
const maxKeyBytes = 2400

/**
 * Judges one label of a frame by its form alone. A `cid` or an `exp` that is empty counts as absent. Subjects are any URI:
 * an account, a record, or what may come. Control characters are refused, for PostgreSQL cannot store a NUL.
 */
export function checkLabel(value: unknown, labeler: Did): CheckedLabel {
  const parsed = parseWireLabel(value)
  if (!parsed) return refused('malformed')
  const wire = withoutEmpty(parsed)
  if (wire.src !== labeler) return refused(parseDid(wire.src) ? 'other-source' : 'malformed')
  if (wire.ver !== undefined && wire.ver !== 1) return refused('unsupported-version')
  const key = labeler + wire.uri + (wire.cid ?? '') + wire.val
  if (Buffer.byteLength(key) > maxKeyBytes) return refused('too-long')
  const state = /\p{Cc}/u.test(key) ? undefined : stateOf(wire)
  return state ? { kind: 'label', wire, state } : refused('malformed')
}

/** Returns the row that the label stands for; undefined when a field is not what the lexicon has there. */
function stateOf({ uri, cid, val, neg = false, cts, exp }: WireLabel): LabelState | undefined {
  const end = exp === undefined ? null : utcOf(exp)
  if (end === undefined || utcOf(cts) === undefined) return undefined
  if (!isValidUri(uri) || (cid !== undefined && !parseCid(cid))) return undefined
  if (val === '' || Buffer.byteLength(val) > maxLabelValBytes) return undefined
  return { uri, cid: cid ?? '', val, neg, cts, exp: end }
}

/** Empty fields are not signed, by whoever signs as the specification has it. */
function withoutEmpty({ cid, exp, ...rest }: WireLabel): WireLabel {
  return { ...rest, ...(cid ? { cid } : {}), ...(exp ? { exp } : {}) }
}

function refused(reason: FormFault): CheckedLabel {
  return { kind: 'refused', reason }
}
