import type { PolicyReplay, ReplayChange, ReplayedEffect, ReplayTotal } from '../../src/policy-desk.ts'
import { formatTierScope } from './format-tier.ts'
import { formatTable } from './terminal.ts'

/** What each change is called, and what it means, in the order of the summary. */
const meanings: readonly [ReplayChange, string][] = [
  ['more', 'that the policy in force does not call for'],
  ['less', 'that only the policy in force calls for'],
  ['same', 'that both call for'],
  ['tried', 'of banks that are only tried: withheld'],
  ['left', 'that were done, and that no match calls for any more'],
]

/** The sign of a change before an effect in the list. */
export const changeSigns: Readonly<Record<ReplayChange, string>> = {
  more: '+',
  less: '-',
  same: '=',
  tried: '~',
  left: '!',
}

/** Returns the answer to whether a policy can be switched on, a sentence a line, what weighs most first. */
export function formatVerdict(replay: PolicyReplay): string[] {
  const { effects, accounts, coverage, moreTakedowns, moreAboutAccounts, standingUncalled, withdrawn } =
    replay
  if (coverage.images === 0) return ['Nothing can be said: no image was looked at in that time.']
  const heavy = [
    moreTakedowns > 0 && counted(moreTakedowns, 'takedown'),
    moreAboutAccounts > 0 && `${counted(moreAboutAccounts, 'effect')} about whole accounts`,
  ].filter((text) => text !== false)
  const isSame = effects.more + effects.less === 0
  return [
    isSame && 'Nothing changes: it calls for the same effects as the policy in force.',
    effects.more > 0 &&
      `More is done: ${counted(effects.more, 'effect')} about ${counted(accounts.more, 'account')}${heavy.length > 0 ? `, of them ${heavy.join(' and ')}` : ''}.`,
    effects.less > 0 &&
      `Less is done: ${counted(effects.less, 'effect')} about ${counted(accounts.less, 'account')} would not have been.`,
    standingUncalled > 0 &&
      `${counted(standingUncalled, 'effect')} that it does not call for ${standingUncalled === 1 ? 'stands' : 'stand'}, and will until restored.`,
    withdrawn > 0 &&
      `${counted(withdrawn, 'effect')} that it calls for ${withdrawn === 1 ? 'was' : 'were'} withdrawn by a person, and ${withdrawn === 1 ? 'is' : 'are'} not done again.`,
  ].filter((text) => text !== false)
}

/** Returns the sums, a line each. */
export function formatSums(replay: PolicyReplay): string[] {
  const { effects, accounts, coverage, heldByQuota, quarantined } = replay
  const { images, records, hashed, byCidAlone, unscannable, partly, unseenEffects } = coverage
  const rows = meanings.map(([change, meaning]) => [
    change,
    number(effects[change]),
    number(accounts[change]),
    meaning,
  ])
  const held = heldByQuota.flatMap(({ kind, quota, held: then, heldNow }) =>
    then === 0 && heldNow === 0
      ? []
      : [
          `held by the quota of ${number(quota)} ${kind}s a day: ${number(then)}; by the policy in force ${number(heldNow)}`,
        ],
  )
  const notes = [
    quarantined > 0 && `held, for the content is in quarantine: ${number(quarantined)}`,
    byCidAlone > 0 &&
      `${counted(byCidAlone, 'image')} not hashed, looked at by the CID alone: by their pixels they may match more`,
    partly > 0 &&
      `${counted(partly, 'image')} hashed before the looks that the banks need now: they may match more`,
    unseenEffects > 0 &&
      `${counted(unseenEffects, 'effect')} of images that were not looked at in that time: not judged`,
  ].filter((text) => text !== false)
  return [
    ...formatTable([['', 'effects', 'accounts', ''], ...rows]),
    `looked at: ${counted(images, 'image')} of ${counted(records, 'record')}; ${number(hashed)} by hashes, ${number(unscannable)} not decodable`,
    ...held,
    ...notes,
  ]
}

/** Returns the table by bank, tier and kind. */
export function formatTotals(totals: readonly ReplayTotal[]): string[] {
  if (totals.length === 0) return []
  const rows = totals.map((total) => [
    total.bank,
    total.tier === undefined ? '-' : formatTierScope(total.tier),
    formatKind(total),
    ...meanings.map(([change]) => number(total[change])),
  ])
  return formatTable([['bank', 'matches', 'effect', ...meanings.map(([change]) => change)], ...rows])
}

/** Returns one effect of a record as a line. */
export function formatReplayedEffect(effect: ReplayedEffect): string {
  const { change, done, bank, contentId, distance, tier } = effect
  const why = `${bank} content ${contentId} at ${distance}${tier === undefined ? '' : `, ${formatTierScope(tier)}`}`
  return `${changeSigns[change]} ${formatKind(effect)}  (${why})${doneNote(effect, done)}`
}

function doneNote({ change }: ReplayedEffect, done: ReplayedEffect['done']): string {
  if (done === 'withdrawn') return '  withdrawn by a person'
  if (done === 'none') return ''
  return change === 'less' || change === 'left' ? '  stands until restored' : '  stands'
}

function formatKind({ kind, target, detail, about }: Kind): string {
  const on = about === 'account' ? ' on the account' : ''
  switch (kind) {
    case 'label':
      return `label ${detail}${on}`
    case 'report':
      return `report ${detail.replace(/^.*#/, '')}${on} to ${target}`
    case 'takedown':
      return `takedown of the ${about} by ${target}`
    case 'webhook':
      return `webhook ${target}`
    case 'review':
    default:
      return kind
  }
}

type Kind = Pick<ReplayedEffect, 'kind' | 'target' | 'detail' | 'about'>

function counted(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}
