import type { WireLabel } from '../../atproto/verify-label.ts'
import {
  type Check,
  combine,
  counted,
  type DoctorDeps,
  type Finding,
  type LabelWindow,
  type StreamLabel,
} from './check.ts'
import { isHolding, keyOf, newestLabels, timeOf } from './current-labels.ts'
import { queryLabels } from './query-labels.ts'
import { readStream } from './read-stream.ts'

/** Subjects that are asked about, the newest; and the most labels that come back. */
const [maxSubjects, maxAnswer] = [25, 250]

const toAgree =
  'Answer queryLabels from the same labels as the stream: the newest of each source, subject and value, without negations and expired ones'

const toMatch = 'Compare subjects as they are: _ and % mean themselves, and case counts'

/** queryLabels and the stream say the same of the latest subjects, both ways. */
export const queryCheck: Check<'endpoint' | 'window'> = {
  name: 'query',
  needs: ['endpoint', 'window'],
  async run({ endpoint, window }, deps, signal) {
    const subjects = latestSubjects(window.labels)
    if (subjects.length === 0) return emptyOutcome(endpoint, deps, signal)
    const first = await compare(endpoint, window, subjects, deps, signal)
    // A label may have come in between: whoever disagrees is asked again, with what the stream has by now.
    const findings = first.some(isFault)
      ? await compare(endpoint, await readOn(endpoint, window, deps, signal), subjects, deps, signal)
      : first
    const all = [...findings, ...(await caseFaults(endpoint, window, deps, signal))]
    return combine(all, `agrees with the stream on ${counted(subjects.length, 'subject')}`)
  },
}

function isFault({ status }: Finding): boolean {
  return status === 'fail'
}

async function emptyOutcome(endpoint: URL, deps: DoctorDeps, signal: AbortSignal): Promise<Finding> {
  const answer = await queryLabels(endpoint, { uriPatterns: ['*'], limit: 1 }, deps, signal)
  if (answer.kind === 'broken') return { status: 'fail', says: answer.says, fix: toAgree }
  if (answer.kind === 'refused')
    return {
      status: 'unknown',
      says: `queryLabels refuses * (${answer.status}), and the stream has no labels to ask for`,
    }
  if (answer.labels.length === 0) return { status: 'ok', says: 'neither it nor the stream has labels' }
  return {
    status: 'fail',
    says: 'queryLabels has labels and the stream replays none: no subscriber learns of them',
    fix: 'Replay all labels to cursor=0',
  }
}

/** The same record with its key in capitals is another record, and nobody has labeled it. */
async function caseFaults(
  endpoint: URL,
  { labels }: LabelWindow,
  deps: DoctorDeps,
  signal: AbortSignal,
): Promise<Finding[]> {
  const uris = new Set(labels.map(({ label }) => label.uri))
  const shouted = [...uris].map(withUpperCaseKey).find((uri) => uri !== undefined && !uris.has(uri))
  if (shouted === undefined) return []
  const answer = await queryLabels(endpoint, { uriPatterns: [shouted], limit: 1 }, deps, signal)
  if (answer.kind !== 'page' || answer.labels.length === 0) return []
  const says = 'queryLabels takes upper and lower case for the same: it shows labels of other records'
  return [{ status: 'fail', says, fix: toMatch }]
}

function withUpperCaseKey(uri: string): string | undefined {
  const [, path, key = ''] = /^(at:\/\/[^/]+\/[^/]+\/)([^/]+)$/.exec(uri) ?? []
  return path === undefined || key === key.toUpperCase() ? undefined : path + key.toUpperCase()
}

function latestSubjects(labels: readonly StreamLabel[]): string[] {
  const newestFirst = labels.map(({ label }) => label.uri).reverse()
  return [...new Set(newestFirst)].slice(0, maxSubjects)
}

async function readOn(
  endpoint: URL,
  window: LabelWindow,
  deps: DoctorDeps,
  signal: AbortSignal,
): Promise<LabelWindow> {
  const wanted = { cursor: window.labels.at(-1)?.seq, maxLabels: deps.limits.maxLabels }
  const { labels } = await readStream(endpoint, wanted, deps, signal)
  return { ...window, labels: [...window.labels, ...labels] }
}

async function compare(
  endpoint: URL,
  window: LabelWindow,
  subjects: readonly string[],
  deps: DoctorDeps,
  signal: AbortSignal,
): Promise<Finding[]> {
  const answer = await queryLabels(endpoint, { uriPatterns: subjects, limit: maxAnswer }, deps, signal)
  if (answer.kind === 'broken') return [{ status: 'fail', says: answer.says, fix: toAgree }]
  if (answer.kind === 'refused')
    return [
      {
        status: 'warn',
        says: `queryLabels refuses a question about single subjects (${answer.status})`,
        fix: toAgree,
      },
    ]
  const now = deps.now()
  const newest = newestLabels(window.labels.filter(({ label }) => subjects.includes(label.uri)))
  const answered = new Map(answer.labels.map((label) => [keyOf(label), label]))
  return [
    ...missingFaults(newest, answered, now, answer.labels.length >= maxAnswer),
    ...extraFaults(newest, answer.labels, window, subjects, now),
  ]
}

/** What the stream says holds and the query leaves out. A full page may have cut it off. */
function missingFaults(
  newest: ReadonlyMap<string, StreamLabel>,
  answered: ReadonlyMap<string, WireLabel>,
  now: Date,
  isCut: boolean,
): Finding[] {
  const missing = [...newest].filter(([key, { label }]) => isHolding(label, now) && !answered.has(key))
  const [first] = missing
  if (first === undefined || isCut) return []
  const { seq, label } = first[1]
  const hint = label.uri.includes('_') ? ' (a subject with _ in it)' : ''
  return [
    {
      status: 'fail',
      says: `queryLabels leaves out ${counted(missing.length, 'label')} of the stream, such as seq ${seq}${hint}`,
      fix: hint === '' ? toAgree : `${toAgree}. ${toMatch}`,
    },
  ]
}

/** What the query says holds and the stream does not: negated, expired, superseded, or never streamed. */
function extraFaults(
  newest: ReadonlyMap<string, StreamLabel>,
  answer: readonly WireLabel[],
  window: LabelWindow,
  subjects: readonly string[],
  now: Date,
): Finding[] {
  const counts = new Map<string, number>()
  for (const label of answer) {
    const reason = reasonAgainst(label, newest.get(keyOf(label))?.label, window, now)
    if (reason) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  const strangers = answer.filter(({ uri }) => !subjects.includes(uri)).length
  if (strangers > 0) counts.set('about a subject that was not asked for', strangers)
  return [...counts].map(([reason, count]) => ({
    status: 'fail' as const,
    says: `queryLabels shows ${counted(count, 'label')} ${reason}`,
    fix: toAgree,
  }))
}

function reasonAgainst(
  label: WireLabel,
  newest: WireLabel | undefined,
  { isWhole }: LabelWindow,
  now: Date,
): string | undefined {
  if (label.neg === true) return 'with neg: true'
  if (!isHolding(label, now)) return 'past its exp'
  if (newest === undefined) return isWhole ? 'unknown to the stream' : undefined
  if (timeOf(label.cts) > timeOf(newest.cts)) return 'newer than the stream’s'
  if (newest.neg === true) return 'withdrawn on the stream'
  return timeOf(label.cts) < timeOf(newest.cts) ? 'replaced by a newer one' : undefined
}
