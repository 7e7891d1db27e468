import type { JobOutcome } from '../../src/model/job.ts'
import type { DemoResult } from './demo-event.ts'
import type { CheckedLabel } from './follow-labels.ts'
import { demoLabel } from './open-harrier.ts'
import type { Picture } from './pictures.ts'
import { timeOfPost } from './time-of-post.ts'

/** A picture that was posted, and what came of it. */
export type PostedPicture = {
  readonly picture: Picture
  readonly uri: string
  /** Undefined when the service gave the job up. */
  readonly outcome: JobOutcome | undefined
  /** As the subscriber got it; undefined when the service published none. */
  readonly label: CheckedLabel | undefined
}

/** Returns the verdict on one picture, from its job, its label, and what `queryLabels` says of its record now. */
export async function judgePicture(
  { picture, uri, outcome, label }: PostedPicture,
  serviceUrl: string,
): Promise<DemoResult> {
  const expected = picture.isKnown ? demoLabel : 'no label'
  const found = label === undefined ? (outcome ? 'no label' : 'no outcome') : label.label.val
  const isQueryRight = (await queryValues(serviceUrl, uri)).join() === (picture.isKnown ? demoLabel : '')
  const isSignatureRight = label?.isVerified ?? true
  return {
    picture: picture.name,
    expected,
    found: [found, isSignatureRight ? '' : 'badly signed', isQueryRight ? '' : 'queryLabels disagrees']
      .filter(Boolean)
      .join(', '),
    distance: outcome?.matches[0]?.distance,
    postToLabelMs: label && label.receivedAt - timeOfPost(uri),
    isAsExpected: found === expected && isSignatureRight && isQueryRight,
  }
}

async function queryValues(serviceUrl: string, uri: string): Promise<string[]> {
  const query = new URLSearchParams({ uriPatterns: uri })
  const response = await fetch(`${serviceUrl}/xrpc/com.atproto.label.queryLabels?${query.toString()}`)
  if (!response.ok) throw new Error(`Expected labels from queryLabels but received status ${response.status}`)
  const { labels } = (await response.json()) as { readonly labels: readonly { readonly val: string }[] }
  return labels.map(({ val }) => val)
}
