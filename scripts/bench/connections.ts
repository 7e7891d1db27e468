import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { subscribeLabels } from '../../test/support/label-subscriber.ts'
import { holdConnections } from '../../test/support/many-connections.ts'
import { openServiceTools } from '../../test/support/service.ts'
import type { Bench, BenchResult } from '../bench-result.ts'
import { percentile } from './median.ts'
import { startService } from './service-process.ts'

const perSecond = 50
const goalMs = 100

/** The running service with 2,000 connections beside a subscriber: how long labels take to reach it. */
export const bench: Bench = {
  name: 'connections',
  summary: 'Labels on the stream while 2,000 connections ask, wait and dawdle',
  async run({ isQuick }) {
    const labels = isQuick ? 50 : 500
    const each = isQuick ? 50 : 500
    await using stack = new AsyncDisposableStack()
    const env = settingsIn(stack)
    const service = stack.use(await startService(env))
    const key = await makeKey(env)
    const publish = createPublisher(service.publicUrl, key)
    await measure(service.publicUrl, publish, 20)
    const alone = await measure(service.publicUrl, publish, labels)
    await using held = await holdConnections(service.publicUrl, key, each)
    const beside = await measure(service.publicUrl, publish, labels)
    const count = `${4 * each}`
    return [
      ...report('with no other connection', alone),
      ...report(`beside ${count} connections`, beside, isQuick ? undefined : goalMs),
      {
        name: `requests that ${each} of the ${count} had answered meanwhile`,
        value: held.answered,
        unit: '',
      },
    ]
  },
}

function report(when: string, latencies: readonly number[], goal?: number): BenchResult[] {
  const p99 = percentile(latencies, 0.99)
  return [
    {
      name: `label from the request to the subscriber, ${when}, p50`,
      value: percentile(latencies, 0.5),
      unit: 'ms',
    },
    {
      name: `label from the request to the subscriber, ${when}, p99`,
      value: p99,
      unit: 'ms',
      ...(goal !== undefined && { goal: `at most ${goal}`, met: p99 <= goal }),
    },
  ]
}

function settingsIn(stack: AsyncDisposableStack): Record<string, string> {
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'harrier-connections-')), (path) =>
    rmSync(path, { recursive: true, force: true }),
  )
  const policy = join(folder, 'policy.yaml')
  writeFileSync(policy, "labels: ['!takedown']\n")
  return {
    HARRIER_DATA_DIR: folder,
    HARRIER_POLICY_FILE: policy,
    HARRIER_PUBLIC_HOST: '127.0.0.1',
    HARRIER_PUBLIC_PORT: '0',
    HARRIER_OPERATOR_PORT: '0',
    HARRIER_JETSTREAM_URLS: 'ws://127.0.0.1:9',
    HARRIER_HASH_PROCESSES: '1',
  }
}

async function makeKey(env: Record<string, string>): Promise<string> {
  await using tools = await openServiceTools({ env })
  return (
    await tools.apiKeys.create({ name: 'bench', scopes: ['act', 'match'], requestsPerMinute: 1_000_000 })
  ).secret
}

/** Returns what publishes a label on a record, as an app does. */
function createPublisher(url: string, key: string): (uri: string) => Promise<void> {
  let last = 0
  return async (uri) => {
    const action = { action_id: `${process.pid}-${last++}`, action_type: 'takedown', content_id: uri }
    const response = await fetch(`${url}/api/v1/action`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(action),
    })
    if (!response.ok) throw new Error(`Expected a label but received ${response.status}`)
    await response.body?.cancel()
  }
}

let records = 0

/** Publishes labels at a steady rate. Returns how long each took to reach a subscriber, in milliseconds. */
async function measure(
  url: string,
  publish: (uri: string) => Promise<void>,
  count: number,
): Promise<readonly number[]> {
  const opened = Promise.withResolvers<void>()
  const askedAt = new Map<string, number>()
  const latencies: number[] = []
  const reading = (async () => {
    for await (const { labels } of subscribeLabels(url, { onOpen: () => opened.resolve() })) {
      const at = performance.now()
      for (const { uri } of labels) latencies.push(at - (askedAt.get(uri) ?? Number.NaN))
      if (latencies.length >= count) return
    }
  })()
  await opened.promise
  const asked: Promise<void>[] = []
  for (let index = 0; index < count; index++) {
    const uri = `at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/${records++}`
    askedAt.set(uri, performance.now())
    asked.push(publish(uri))
    await sleep(1000 / perSecond)
  }
  await Promise.all([...asked, reading])
  return latencies
}
