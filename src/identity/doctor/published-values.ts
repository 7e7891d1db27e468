import { parseAtUri, parseDid } from '../../model/ids.ts'
import { type Check, combine, counted, type Finding, type StreamLabel } from './check.ts'
import { isHolding, newestLabels, timeOf } from './current-labels.ts'
import { isKnownToClients, judgeValue } from './judge-value.ts'
import type { LabelerRecord } from './labeler-record.ts'

/** At most so many values are complained of. */
const maxShown = 5

/** What the latest labels say can be taken: their values, their source, their subjects and their times. */
export const publishedValuesCheck: Check<'did' | 'window'> = {
  name: 'published-values',
  needs: ['did', 'window'],
  async run({ did, window, record }, { now }) {
    const labels = [...newestLabels(window.labels).values()].filter(({ label }) => isHolding(label, now()))
    const findings = [...valueFaults(labels, record), ...sourceFaults(labels, did), ...formFaults(labels)]
    const vals = [...new Set(labels.map(({ label }) => label.val))]
    const known =
      record === undefined
        ? 'legal; without a record nobody knows whether they are declared'
        : 'legal and declared'
    const ok =
      vals.length === 0 ? 'no label holds among the latest' : `${vals.slice(0, 10).join(', ')}: ${known}`
    return combine(findings.slice(0, maxShown), ok)
  },
}

function valueFaults(labels: readonly StreamLabel[], record: LabelerRecord | undefined): Finding[] {
  const counts = new Map<string, number>()
  for (const { label } of labels) counts.set(label.val, (counts.get(label.val) ?? 0) + 1)
  return [...counts].flatMap(([val, count]) => {
    const fault = judgeValue(val)
    if (fault) return [{ ...fault, says: `${counted(count, 'label')}: ${fault.says}` }]
    if (record === undefined || isKnownToClients(val) || record.labelValues.includes(val)) return []
    return [
      {
        status: 'fail' as const,
        says: `${counted(count, 'label')} with the value ${val}, which the record does not declare: clients ignore it`,
        fix: `Add ${val} with a definition to the record, or withdraw what has it`,
      },
    ]
  })
}

function sourceFaults(labels: readonly StreamLabel[], did: string): Finding[] {
  const others = labels.filter(({ label }) => label.src !== did)
  if (others.length === 0) return []
  return [
    {
      status: 'fail',
      says: `${counted(others.length, 'label')} by another source (such as ${others[0]?.label.src.slice(0, 100)}): subscribers drop it`,
      fix: `Set src of every label to ${did}, the account whose DID document names this endpoint`,
    },
  ]
}

function formFaults(labels: readonly StreamLabel[]): Finding[] {
  const isSubject = (uri: string): boolean => (parseAtUri(uri) ?? parseDid(uri)) !== undefined
  const subjects = labels.filter(({ label }) => !isSubject(label.uri))
  const isTime = (text: string | undefined): boolean =>
    text === undefined || timeOf(text) !== Number.NEGATIVE_INFINITY
  const times = labels.filter(({ label }) => !isTime(label.cts) || !isTime(label.exp))
  const findings: Finding[] = []
  if (subjects.length > 0) {
    findings.push({
      status: 'fail',
      says: `${counted(subjects.length, 'label')} (such as seq ${subjects[0]?.seq}) on what is neither a DID nor at://<did>/<collection>/<rkey>`,
      fix: 'Label accounts by their DID and records by an AT URI with a DID in it, never with a handle',
    })
  }
  if (times.length > 0) {
    findings.push({
      status: 'fail',
      says: `${counted(times.length, 'label')} (such as seq ${times[0]?.seq}) with a cts or an exp that is no time`,
      fix: 'Write times as ISO 8601 in UTC, such as 2026-01-02T03:04:05.678Z',
    })
  }
  return findings
}
