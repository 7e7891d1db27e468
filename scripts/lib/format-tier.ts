import { formatDuration } from '../../src/lib/duration.ts'
import type { LabelEffect, PolicyTierScope, TierEffect } from '../../src/model/policy.ts'

/** Returns which matches a tier holds, as people read it: `to 20 bits, in avatar, confirmed`. */
export function formatTierScope(tier: PolicyTierScope): string {
  const reach = 'tier' in tier ? `tier ${tier.tier}` : `to ${tier.distance} bits`
  const uses = tier.uses === undefined ? '' : `, in ${tier.uses.join('/')}`
  return `${reach}${uses}${tier.opinions === undefined ? '' : `, ${tier.opinions.join('/')}`}`
}

/** Returns what an effect of a tier does, as people read it. */
export function formatTierEffect(effect: TierEffect): string {
  switch (effect.kind) {
    case 'label':
      return formatLabelEffect(effect)
    case 'report':
      return `report ${effect.reasonType.replace(/^.*#/, '')}${onAccount(effect.on)} to ${effect.to}`
    case 'takedown':
      return `takedown of the ${effect.of} by ${effect.by}`
    case 'review':
      return effect.isEscalated ? 'review, escalated' : 'review'
    case 'webhook':
      return `webhook ${effect.to}`
    case 'log':
    case 'block':
    default:
      return effect.kind
  }
}

function formatLabelEffect({ val, on, expiresAfterMs, priority }: LabelEffect): string {
  const time = expiresAfterMs === undefined ? '' : ` for ${formatDuration(expiresAfterMs)}`
  return `label ${val}${onAccount(on)}${time}${priority === undefined ? '' : `, ${priority}`}`
}

function onAccount(on: 'account' | undefined): string {
  return on === undefined ? '' : ' on the account'
}
