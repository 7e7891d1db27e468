import { writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { App } from '../../src/app.ts'
import { effectStates, type StoredEffect } from '../../src/model/effect.ts'
import type { World } from '../../src/world.ts'
import type { Account, Post } from './accounts.ts'
import { createActingFolder, pdsTarget } from './acting-service.ts'
import type { Network } from './network.ts'
import { type Ended, linesOf, runHarrier } from './run-harrier.ts'
import { bankPicture, openService, openServiceTools, type ServiceFolder } from './service.ts'

/** A service that runs on the network, with the PDS as the target of takedowns, and whoever posts there. */
export interface ActingService extends AsyncDisposable {
  readonly app: App
  readonly folder: ServiceFolder
  readonly alice: Account
  /** Posts pictures, and resolves when every one of them was looked at. */
  post(...pictures: readonly Uint8Array[]): Promise<Post>
  /** Runs a command as a process beside the service. */
  harrier(...argv: string[]): Promise<Ended>
  /** Runs a command that has to succeed, and returns what it prints as JSON. */
  json(...argv: string[]): Promise<Record<string, unknown>[]>
  /** Every effect, oldest first. */
  effects(): Promise<StoredEffect[]>
  /** The values that a record has now, as queries show them. */
  labels(uri: string): Promise<string[]>
  /** How many labels and withdrawals of a record were ever on the stream. */
  published(uri: string): Promise<number>
}

let services = 0

/** Opens a service of its own labeler with these settings, which knows the pictures. */
export async function openActingService(
  network: Network,
  known: readonly Uint8Array[],
  settings: Readonly<Record<string, string>> = {},
  { policy, world }: { readonly policy?: string; readonly world?: World } = {},
): Promise<ActingService> {
  await using stack = new AsyncDisposableStack()
  const name = `labeler${++services}`
  const labeler = await network.createAccount(`${name}.test`)
  const alice = await network.createAccount(`alice${services}.test`)
  const folder = stack.use(
    await createActingFolder(network, {
      labeler,
      effects: [],
      targets: [pdsTarget(network, labeler.did)],
      more: settings,
    }),
  )
  const policyFile = folder.env['HARRIER_POLICY_FILE'] ?? ''
  if (policy !== undefined) writeFileSync(policyFile, policy)
  for (const picture of known) await bankPicture(folder, picture)
  const ended: string[] = []
  const observer = {
    done: ({ image }: { image: { uri: string } }) => void ended.push(image.uri),
    failed: () => {},
  }
  const app = stack.use(await openService(folder, { observer, ...(world ? { world } : {}) }))
  const open = stack.move()
  const harrier = (...argv: string[]) =>
    runHarrier(folder.path, argv, { settings: folder.env as Record<string, string> })
  return {
    app,
    folder,
    alice,
    harrier,
    async post(...pictures) {
      const post = await network.post(alice, 'a post', pictures)
      const looked = () => ended.filter((uri) => uri === post.uri).length
      await expect.poll(looked, { timeout: 20_000 }).toBeGreaterThanOrEqual(pictures.length)
      return post
    },
    async json(...argv) {
      const result = await harrier(...argv, '--json')
      expect([result.code, result.err]).toEqual([0, ''])
      return linesOf(result.out) as Record<string, unknown>[]
    },
    async effects() {
      await using tools = await openServiceTools(folder)
      return (await tools.acting().effects.list({ states: effectStates, limit: 1000 })).reverse()
    },
    async labels(uri) {
      const query = `uriPatterns=${encodeURIComponent(uri)}`
      const answer = await fetch(`${app.publicUrl}/xrpc/com.atproto.label.queryLabels?${query}`)
      const { labels } = (await answer.json()) as { labels: { val: string }[] }
      return labels.map(({ val }) => val).sort()
    },
    async published(uri) {
      await using tools = await openServiceTools(folder)
      const { rows } = await tools.audit.list(1000, uri)
      return rows.filter(({ action }) => action === 'label.published' || action === 'label.withdrawn').length
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
