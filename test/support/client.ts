/**
 * What lies between a labeler and a user's screen, with the client's own code where there is some: an AppView that keeps
 * the labels that hold (`com.atproto.label` specification: the newest label of a source, subject and value counts), and a
 * client of `@atproto/api` that moderates what it is sent by its user's choices.
 */
import {
  type AppBskyFeedDefs,
  interpretLabelValueDefinitions,
  type ModerationOpts,
  type ModerationUI,
  moderatePost,
  moderateProfile,
} from '@atproto/api'
import type { ReceivedLabel } from './label-subscriber.ts'

/** A label as an AppView sends it to clients: without its signature. */
export type HydratedLabel = Omit<ReceivedLabel, 'sig' | 'ver'>

/** Returns the labels that hold at a time: the newest of each, if it neither withdraws nor has expired. */
export function hydrateLabels(received: readonly HydratedLabel[], now: Date): HydratedLabel[] {
  const newest = new Map<string, HydratedLabel>()
  for (const label of received) {
    const key = JSON.stringify([label.src, label.uri, label.val])
    const known = newest.get(key)
    if (!known || known.cts < label.cts) newest.set(key, label)
  }
  return [...newest.values()].filter(
    ({ neg, exp }) => neg !== true && (exp === undefined || Date.parse(exp) > now.getTime()),
  )
}

/** Who looks: signed in and subscribed to the labeler, with adult content off, unless told otherwise. */
export type Viewer = {
  readonly isSubscribed?: boolean
  readonly isAnonymous?: boolean
  readonly isAdult?: boolean
  /** What the user has chosen for the labeler's values. */
  readonly choices?: Record<string, 'ignore' | 'warn' | 'hide'>
}

/** Returns what a client goes by: the user's choices, and the definitions in the labeler's record. */
export function clientOf(
  labeler: string,
  record: Readonly<Record<string, unknown>>,
  viewer: Viewer = {},
): ModerationOpts {
  const { isSubscribed = true, isAnonymous = false, isAdult = false, choices = {} } = viewer
  const creator = { did: labeler, handle: 'labeler.test' }
  const view = { uri: `at://${labeler}/app.bsky.labeler.service/self`, cid: 'bafy', creator, indexedAt: '' }
  const policies = record['policies'] as { labelValues: string[] }
  return {
    userDid: isAnonymous ? undefined : 'did:plc:viewer',
    labelDefs: { [labeler]: interpretLabelValueDefinitions({ ...view, policies }) },
    prefs: {
      adultContentEnabled: isAdult,
      labels: {},
      labelers: isSubscribed ? [{ did: labeler, labels: choices }] : [],
      mutedWords: [],
      hiddenPosts: [],
    },
  }
}

/** What becomes of a post: in a list, when it is opened, and of its images. An empty text says: nothing. */
export type PostOnScreen = { readonly list: string; readonly view: string; readonly media: string }

/** Shows a post whose subject the labels are about. */
export function showPost(
  uri: string,
  labels: readonly HydratedLabel[],
  client: ModerationOpts,
): PostOnScreen {
  const decision = moderatePost(postView(uri, labels), client)
  const [list, view, media] = (['contentList', 'contentView', 'contentMedia'] as const).map((context) =>
    textOf(decision.ui(context)),
  ) as [string, string, string]
  return { list, view, media }
}

/** What becomes of an account: in a list, when it is opened, and of its pictures. */
export type AccountOnScreen = PostOnScreen & { readonly avatar: string; readonly banner: string }

/** Shows an account that the labels are about; `media` is that of its posts. */
export function showAccount(
  did: string,
  labels: readonly HydratedLabel[],
  client: ModerationOpts,
): AccountOnScreen {
  const author = authorOf(did, labels)
  const decision = moderateProfile(author, client)
  const post = moderatePost({ ...postView(`at://${did}/app.bsky.feed.post/1`, []), author }, client)
  return {
    list: textOf(decision.ui('profileList')),
    view: textOf(decision.ui('profileView')),
    avatar: textOf(decision.ui('avatar')),
    banner: textOf(decision.ui('banner')),
    media: textOf(post.ui('contentMedia')),
  }
}

function postView(uri: string, labels: readonly HydratedLabel[]): AppBskyFeedDefs.PostView {
  const did = uri.split('/')[2] ?? ''
  const record = { $type: 'app.bsky.feed.post', text: 'A picture', createdAt: '2026-01-01T00:00:00.000Z' }
  return { uri, cid: 'bafy', author: authorOf(did, []), record, indexedAt: '', labels: [...labels] }
}

function authorOf(did: string, labels: readonly HydratedLabel[]): AppBskyFeedDefs.PostView['author'] {
  return { did, handle: 'poster.test', labels: [...labels] }
}

/** `final` is said of what the user cannot click away. */
function textOf({ filter, blur, alert, inform, noOverride }: ModerationUI): string {
  const words = [filter && 'left out', blur && 'covered', alert && 'alert', inform && 'inform']
  return [...words, noOverride && 'final'].filter(Boolean).join(', ')
}
