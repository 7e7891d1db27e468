import { Arrivals } from './arrivals.ts'
import type { Tell } from './demo-event.ts'
import { type CheckedLabel, followLabels } from './follow-labels.ts'
import { timeOfPost } from './time-of-post.ts'

/** A subscriber that runs until it is disposed. */
export interface Subscriber extends AsyncDisposable {
  /** The labels that came, by subject. */
  readonly labels: Arrivals<CheckedLabel>
  /** Rejects when the service ends the subscription. Never resolves. */
  readonly failure: Promise<never>
}

/** What to subscribe to, and whom to tell. */
export type SubscriberOptions = { readonly serviceUrl: string; readonly plcUrl: string; readonly tell: Tell }

/** Subscribes to a service's labels from its first one on and tells each as it comes. */
export function openSubscriber({ serviceUrl, plcUrl, tell }: SubscriberOptions): Subscriber {
  const labels = new Arrivals<CheckedLabel>()
  const end = new AbortController()
  const failure = Promise.withResolvers<never>()
  const following = follow().catch(failure.reject)

  async function follow(): Promise<void> {
    for await (const checked of followLabels({ serviceUrl, plcUrl, signal: end.signal })) {
      const { seq, label, isVerified, receivedAt } = checked
      const verdict = isVerified
        ? 'the signature is the DID document’s key’s'
        : 'THE SIGNATURE IS NOT the DID document’s key’s'
      const text = `label ${label.val}${label.neg ? ' withdrawn' : ''}, seq ${seq}: ${verdict}`
      const sincePostMs = label.uri.startsWith('at://') ? receivedAt - timeOfPost(label.uri) : 0
      tell({ kind: 'moment', uri: label.uri, what: isVerified ? 'received' : 'failed', text, sincePostMs })
      labels.arrive(label.uri, checked)
    }
  }

  return {
    labels,
    failure: failure.promise,
    async [Symbol.asyncDispose]() {
      end.abort()
      await following
    },
  }
}
