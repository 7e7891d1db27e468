import { ownTargets, type StoredEffect } from '../../src/model/effect.ts'

/** Returns an effect as people read it, such as `label known-image on at://…`. */
export function formatEffect({ kind, target, subject, detail, action }: StoredEffect): string {
  const what = detail === '' ? kind : `${kind} ${detail.replace(/^.*#reason/, '')}`
  const scope = action.kind === 'takedown' ? ` of ${action.subject.kind}` : ' on'
  const by = target === ownTargets.labels || target === ownTargets.reviews ? '' : `, ${target}`
  return `${what}${scope} ${subject}${by}`
}
