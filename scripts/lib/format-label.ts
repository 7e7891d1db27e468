import type { SequencedLabel } from '../../src/model/label.ts'

/** Returns a label as one line of JSON: its fields as on the wire, without the signature, and its seq. */
export function formatLabelJson(label: SequencedLabel): string {
  const { seq, src, uri, cid, val, neg, cts, exp } = label
  return JSON.stringify({ seq, src, uri, cid, val, neg, cts, exp })
}

/** Returns what a label says of its subject, for people. */
export function formatLabel({ uri, cid, val, neg, exp, seq }: SequencedLabel): string {
  const version = cid === undefined ? '' : ` (version ${cid})`
  const end = exp === undefined ? '' : ` until ${exp}`
  return `${neg ? 'withdrew' : 'published'} ${val} for ${uri}${version}${end}, seq ${seq}`
}
