import type { Decided, EffectChangeWord } from '../../src/model/review-decision.ts'
import { formatEffect } from './format-effect.ts'

const words: Readonly<Record<EffectChangeWord, readonly [will: string, was: string]>> = {
  'carried-out': ['carries out', 'carried out'],
  dropped: ['drops', 'dropped'],
  'taken-back': ['takes back', 'took back'],
  added: ['adds', 'added'],
}

/** The most effects that are told one by one. */
const maxTold = 50

/** Returns what a decision does, or has done, a line each. */
export function formatDecided(decided: Decided, tense: 'will' | 'was'): string[] {
  const { effects, content, suppressed, state, review } = decided
  const place = tense === 'will' ? 0 : 1
  const lines = effects
    .slice(0, maxTold)
    .map(({ change, effect }) => `${words[change][place]} ${formatEffect(effect)}`)
  if (effects.length > maxTold) lines.push(`and ${effects.length - maxTold} effects more`)
  if (effects.length === 0 && decided.decision !== 'comment' && decided.decision !== 'escalate')
    lines.push(tense === 'will' ? 'changes no effect' : 'changed no effect')
  if (content !== undefined) lines.push(`about content ${content}`)
  if (suppressed) lines.push(`bank ${suppressed.bank} has its hashes as content ${suppressed.content}`)
  return [...lines, `review ${review} ${tense === 'will' ? 'would be' : 'is'} ${state}`]
}
