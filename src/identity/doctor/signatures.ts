import type { ResolvedDocument } from '../../atproto/fetch-did-document.ts'
import { accountKeyOf } from '../../atproto/label-key.ts'
import { type SignatureFault, signatureFaults, verifyLabel } from '../../atproto/verify-label.ts'
import { type Check, combine, counted, type Finding, type StreamLabel } from './check.ts'

/** How many labels are verified: the newest, and some of the oldest. */
const [newestCount, oldestCount] = [200, 50]

const fixes: Readonly<Record<SignatureFault, string>> = {
  unsigned: 'Sign every label, and send sig with it',
  'unusable-key': 'Write a K-256 or P-256 key into the DID document',
  'not-64-bytes': 'Send the signature as 64 bytes, r then s, and not as DER',
  'high-s': 'Replace s by the order minus s where it lies in the upper half: the network takes low-S only',
  'signed-with-neg-false': 'Sign what is sent: leave neg out of both unless it is true',
  'signed-without-neg-false': 'Send what is signed: leave neg out of both unless it is true',
  'wrong-signature':
    'Sign the canonical DAG-CBOR of the label with the key of #atproto_label; after a change of the key put the right one into the DID document, or sign the old labels anew',
}

/** The newest labels, and the oldest, carry a signature that the document's key verifies. */
export const signaturesCheck: Check<'document' | 'labelKey' | 'replay' | 'window'> = {
  name: 'signatures',
  needs: ['document', 'labelKey', 'replay', 'window'],
  async run({ document, labelKey, replay, window }) {
    const oldest = replay.labels.slice(0, oldestCount)
    const newest = window.labels.slice(-newestCount)
    const labels = [...new Map([...oldest, ...newest].map((entry) => [entry.label, entry])).values()]
    if (labels.length === 0) return { status: 'ok', says: 'there are no labels to verify yet' }
    const faults = groupByFault(labels, labelKey)
    const findings = [
      ...[...faults].map(([fault, found]) => findingOf(fault, found, labels.length, document)),
      ...negFalse(labels, labelKey),
    ]
    return combine(findings, `${counted(labels.length, 'label')} verified with the key of the DID document`)
  },
}

function groupByFault(labels: readonly StreamLabel[], key: string): Map<SignatureFault, StreamLabel[]> {
  const groups = new Map<SignatureFault, StreamLabel[]>()
  for (const entry of labels) {
    const verdict = verifyLabel(entry.label, key)
    if (verdict !== 'valid') groups.set(verdict, [...(groups.get(verdict) ?? []), entry])
  }
  return groups
}

function findingOf(
  fault: SignatureFault,
  found: readonly StreamLabel[],
  count: number,
  document: ResolvedDocument,
): Finding {
  const which = `${found.length} of ${counted(count, 'label')} (such as seq ${found.at(-1)?.seq})`
  const account = accountKeyOf(document)
  const isAccountKey =
    account.kind === 'found' && found.every(({ label }) => verifyLabel(label, account.didKey) === 'valid')
  if (isAccountKey) {
    return {
      status: 'fail',
      says: `${which} do not verify: they are signed with #atproto, the key of the account`,
      fix: 'Sign with the key of #atproto_label',
    }
  }
  return { status: 'fail', says: `${which} do not verify: ${signatureFaults[fault]}`, fix: fixes[fault] }
}

/** Right as they came, and wrong for a verifier that leaves a false neg out, as the specification recommends. */
function negFalse(labels: readonly StreamLabel[], key: string): Finding[] {
  const found = labels.filter(({ label }) => label.neg === false && verifyLabel(label, key) === 'valid')
  if (found.length === 0) return []
  return [
    {
      status: 'warn',
      says: `${found.length} of ${counted(labels.length, 'label')} sign and send neg: false: they verify as they came, but not for a reader that leaves a false neg out`,
      fix: 'Leave neg out unless it is true, as the label specification recommends',
    },
  ]
}
