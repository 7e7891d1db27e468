import { z } from 'zod'
import { type Check, counted, type Outcome } from './check.ts'
import { fetchAnswer } from './fetch-answer.ts'

/** How many subscribers of now, and how many of before, a line names. */
const [maxNow, maxBefore] = [5, 3]

const toBeFound =
  'Mend what failed above first. Bluesky comes by itself once the record and the DID document are right; for an AppView of your own, name the labeler there'

/** Who reads our own stream now, and who did: only the operator listener knows. */
export const subscribersCheck: Check<'did'> = {
  name: 'subscribers',
  needs: ['did'],
  async run({ did }, deps, signal) {
    const { own } = deps
    if (own?.did !== did) return { status: 'unknown', says: 'only its own operator can see who subscribes' }
    if (new URL(own.operatorUrl).port === '0')
      return { status: 'unknown', says: 'the operator listener takes a free port (HARRIER_OPERATOR_PORT=0)' }
    const url = new URL('/subscribers', own.operatorUrl)
    const answer = await fetchAnswer(url, { ...deps, fetch: own.fetch }, signal)
    if (answer.kind === 'unreachable')
      return { status: 'unknown', says: `the operator listener does not answer: ${answer.says}` }
    const parsed = listing.safeParse(answer.json)
    if (answer.status !== 200 || !parsed.success) {
      return {
        status: 'unknown',
        says: `the operator listener at ${own.operatorUrl} does not tell (${answer.status})`,
      }
    }
    return outcomeOf(parsed.data)
  },
}

const subscription = z.object({
  userAgent: z.string().optional(),
  /** Where it dials from: addresses are not kept. */
  address: z.string(),
  startedAt: z.string(),
  /** What it asked for; absent for what is published from then on. */
  cursor: z.number().optional(),
})

/** What the operator listener serves at `/subscribers`, as far as it is read here. */
const listing = z.object({
  /** Oldest first; `lag` is how many seqs it lies behind. */
  now: z.array(subscription.extend({ lag: z.number() })),
  /** Newest first; what goes on has no end. */
  history: z.array(subscription.extend({ endedAt: z.string().optional(), end: z.string().optional() })),
})

type Subscription = z.infer<typeof subscription>

/** The doctor subscribes as well, and counts for nobody. */
function isDoctor({ userAgent }: Subscription): boolean {
  return userAgent?.endsWith('(doctor)') === true
}

function outcomeOf(listed: z.infer<typeof listing>): Outcome {
  const now = listed.now.filter((one) => !isDoctor(one))
  const before = listed.history.filter((one) => !isDoctor(one) && one.endedAt !== undefined)
  const past = before
    .slice(0, maxBefore)
    .map((one) => `${nameOf(one)} from ${one.startedAt} to ${one.endedAt} (${one.end ?? 'ended'})`)
  const earlier = past.length === 0 ? 'nobody did before' : `before: ${past.join(', ')}`
  if (now.length === 0) {
    return {
      status: 'warn',
      says: `nobody is subscribed, so labels go nowhere; ${earlier}`,
      fix: toBeFound,
    }
  }
  const named = now.slice(0, maxNow).map((one) => {
    const cursor = one.cursor === undefined ? 'without a cursor' : `cursor ${one.cursor}`
    return `${nameOf(one)} (${cursor}, ${counted(one.lag, 'label')} behind, since ${one.startedAt})`
  })
  const more = now.length > maxNow ? [`and ${now.length - maxNow} more`] : []
  return { status: 'ok', says: `${now.length} now: ${[...named, ...more].join(', ')}; ${earlier}` }
}

function nameOf({ userAgent = 'without a name', address }: Subscription): string {
  return `${userAgent.slice(0, 100)}, ${address}`
}
