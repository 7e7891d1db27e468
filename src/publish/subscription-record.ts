import { setImmediate as nextTurn } from 'node:timers/promises'
import { pause } from '../lib/pause.ts'
import type { PastSubscription, Subscription } from '../model/subscription.ts'
import type { Database } from '../store/database.ts'

const everyMs = 60_000
const dayMs = 86_400_000
/** How many subscriptions one transaction writes; nothing else runs meanwhile. */
const batchSize = 200
/** Of subscriptions that end between two writings the newest so many are kept: anybody can open and close them. */
const maxWaiting = 1000
const keptDays = 90
const maxKept = 10_000

/** What the record needs. */
export type SubscriptionRecordDeps = {
  readonly database: Pick<Database, 'subscriptions' | 'transaction'>
  readonly now: () => Date
}

/**
 * Who has followed the labels, for the operator: subscribers that stay away are the first sign that labels do not arrive.
 * It is written once a minute and not per subscription, since anybody can subscribe. At most 10,000 are kept, for at most
 * 90 days.
 */
export interface SubscriptionRecord {
  /** Takes note of one that has ended. */
  add(ended: PastSubscription): void
  /** Says where the open ones are found. To be called once, before `run` has run for a minute. */
  watch(current: () => readonly Subscription[]): void
  /** Writes what there is to write and returns those that have ended, newest first. */
  list(limit: number): Promise<PastSubscription[]>
  /** Ends what the process before left open, then writes once a minute, and once more when the signal is aborted. */
  run(signal: AbortSignal): Promise<void>
}

/** Returns a record over the store. */
export function createSubscriptionRecord({ database, now }: SubscriptionRecordDeps): SubscriptionRecord {
  let current: () => readonly Subscription[] = () => []
  let ended: PastSubscription[] = []

  async function write(subscriptions: readonly PastSubscription[]): Promise<void> {
    const at = now().toISOString()
    const oldest = new Date(now().getTime() - keptDays * dayMs).toISOString()
    for (let from = 0; from < subscriptions.length; from += batchSize) {
      const batch = subscriptions.slice(from, from + batchSize)
      await database.transaction(async (stores) => {
        await stores.subscriptions.save(batch, at)
        await stores.subscriptions.prune(oldest, maxKept)
      })
      await nextTurn()
    }
  }

  async function writeEnded(): Promise<void> {
    const batch = ended
    ended = []
    await write(batch)
  }

  async function writeAll(): Promise<void> {
    await write(current().map(openOne))
    await writeEnded()
  }

  return {
    add(subscription) {
      ended.push(subscription)
      if (ended.length > maxWaiting) ended.shift()
    },
    watch(source) {
      current = source
    },
    async list(limit) {
      await writeEnded()
      return database.subscriptions.list(limit)
    },
    async run(signal) {
      await database.subscriptions.endLost()
      while (!signal.aborted) {
        await pause(everyMs, signal)
        await writeAll()
      }
    },
  }
}

function openOne(open: Subscription): PastSubscription {
  const { waitingBytes: _, ...subscription } = open
  return { ...subscription, endedAt: undefined, end: undefined }
}
