import type { StoredEffect } from '../../src/model/effect.ts'
import { formatTable, printable } from './terminal.ts'

/** Returns effects as a table for people. */
export function formatEffects(effects: readonly StoredEffect[]): string[] {
  return formatTable([heading, ...effects.map(rowOf)])
}

const heading = ['effect', 'state', 'because', 'what', 'by', 'about', 'cause', 'last word', 'since']

function rowOf({
  id,
  state,
  because,
  target,
  subject,
  outcome,
  createdAt,
  ...effect
}: StoredEffect): string[] {
  return [
    String(id),
    state,
    because ?? '-',
    effect.detail === '' ? effect.kind : `${effect.kind} ${printable(effect.detail)}`,
    target,
    subject,
    formatCause(effect),
    outcome === undefined ? '-' : printable(outcome),
    createdAt,
  ]
}

function formatCause({ cause, actor }: Pick<StoredEffect, 'cause' | 'actor'>): string {
  return cause === undefined ? actor : `${cause.bank} ${cause.contentId} at ${cause.distance}`
}

/** Returns what an effect is, in a line for people. */
export function describeEffect({ id, kind, detail, subject, target }: StoredEffect): string {
  const what = detail === '' ? kind : `${kind} ${printable(detail)}`
  return `effect ${id}: ${what} of ${subject} by ${target}`
}
