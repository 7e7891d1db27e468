import type { Emission } from '../model/emission.ts'
import { type AtUri, type Did, parseAtUri, parseDid, type SubjectUri } from '../model/ids.ts'
import type { LabelState, WantedLabel } from '../model/label.ts'
import type { Match } from '../model/match.ts'
import { callsForTakedown, effectsFor, isDryRun, type Policy } from '../model/policy.ts'

/** What content an announced image belongs to, by the name that the app gives it. */
export type AnnouncedSubject = {
  readonly did: Did /** The record that shows the image. */
  readonly uri: AtUri
}

/** Returns the record that a content's name means: itself, or an account's profile; undefined for any other name. */
export function subjectOf(contentId: string): AnnouncedSubject | undefined {
  const did = parseDid(contentId)
  const uri = parseAtUri(did === undefined ? contentId : `at://${did}/app.bsky.actor.profile/self`)
  const owner = parseDid(uri?.split('/')[2])
  return uri === undefined || owner === undefined ? undefined : { uri, did: owner }
}

/** Everything a decision about labels is made from. */
export type AnnouncedDecision = {
  readonly subject: AnnouncedSubject
  /** Nearest first. */
  readonly matches: readonly Match[]
  /** The current labels of the record and of its account, withdrawn ones included. */
  readonly history: readonly LabelState[]
  readonly policy: Policy
  readonly now: Date
}

/**
 * Returns the labels that the policy calls for: pure. The version of the record is not known, so a label is of every version,
 * and one that a person withdrew from any version is not given again; nor is one that holds.
 */
export function decideAnnounced({ subject, matches, history, policy, now }: AnnouncedDecision): Emission[] {
  const wanted = new Map<string, Emission>()
  const acting = matches.filter(({ bank }) => !isDryRun(policy, bank))
  for (const effect of acting.flatMap((match) => effectsFor(policy, match, undefined))) {
    if (effect.kind !== 'label') continue
    const { val, on, expiresAfterMs, priority = 'normal' } = effect
    const uri: SubjectUri = on === 'account' ? subject.did : subject.uri
    if (wanted.has(`${uri} ${val}`) || isSettled(history, { uri, val }, now)) continue
    const exp =
      expiresAfterMs === undefined ? {} : { exp: new Date(now.getTime() + expiresAfterMs).toISOString() }
    wanted.set(`${uri} ${val}`, { uri, val, priority, ...exp })
  }
  return [...wanted.values()]
}

function isSettled(history: readonly LabelState[], { uri, val }: WantedLabel, now: Date): boolean {
  const state = history.find((label) => label.uri === uri && label.val === val)
  return state !== undefined && (state.isNegated || state.exp === undefined || state.exp > now.toISOString())
}

/** Returns what is recorded about content that cannot be labeled: the guide's words. */
export function verdictOf(policy: Policy, matches: readonly Match[]): 'takedown' | 'review' {
  return matches.some((match) => callsForTakedown(policy, match, undefined)) ? 'takedown' : 'review'
}
