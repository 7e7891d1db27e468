import { writeFileSync } from 'node:fs'
import { generateSigningKey } from '../../src/atproto/signing-key.ts'
import type { Env } from '../../src/config/env.ts'
import type { Tools } from '../../src/tools.ts'
import type { Account } from './accounts.ts'
import type { Network } from './network.ts'
import { createServiceFolder, type ServiceFolder, testLabel } from './service.ts'

/** What a service acts by: the effects of every match of bank `known`, as YAML has them, and its targets. */
export type ActingWish = {
  readonly labeler: Pick<Account, 'did'>
  /** Such as `takedown: { by: pds, of: record }`; the label `known-image` is always among them. */
  readonly effects: readonly string[]
  readonly targets: readonly object[]
  readonly more?: Env
}

/** Makes the folder of a service that acts by a wish. */
export async function createActingFolder(
  network: Network,
  { labeler, effects, targets, more = {} }: ActingWish,
): Promise<ServiceFolder> {
  const folder = createServiceFolder(network, {
    HARRIER_LABELER_DID: labeler.did,
    HARRIER_SIGNING_KEY: (await generateSigningKey()).exportHex(),
    HARRIER_TARGETS: JSON.stringify(targets),
    HARRIER_TARGET_PRIVATE_ORIGINS: network.pdsUrl,
    HARRIER_WEBHOOK_RETRY_BASE_MS: '50',
    ...more,
  })
  const called = [`label: ${testLabel}`, ...effects].map((effect) => `        - ${effect}`).join('\n')
  writeFileSync(
    folder.env['HARRIER_POLICY_FILE'] as string,
    `labels: [${testLabel}]\nbanks:\n  known:\n    - distance: 31\n      effects:\n${called}\n`,
  )
  return folder
}

/** Returns the document of the network's PDS as a target, by its admin password. */
export function pdsTarget(network: Network, labelerDid: string): object {
  const { pdsDid } = network.trustModeration(labelerDid)
  return { id: 'pds', kind: 'pds', url: network.pdsUrl, did: pdsDid, adminPassword: network.pdsAdminPassword }
}

/** True when the PDS serves a blob of an account. */
export async function isBlobServed(network: Network, did: string, cid: string): Promise<boolean> {
  return (await fetch(`${network.pdsUrl}/xrpc/com.atproto.sync.getBlob?did=${did}&cid=${cid}`)).ok
}

/** True when the PDS serves a record. */
export async function isRecordServed(network: Network, uri: string): Promise<boolean> {
  const [, , repo, collection, rkey] = uri.split('/')
  const query = `repo=${repo}&collection=${collection}&rkey=${rkey}`
  return (await fetch(`${network.pdsUrl}/xrpc/com.atproto.repo.getRecord?${query}`)).ok
}

/** Returns the values of the labels that hold on a subject. */
export async function labelsOn(tools: Tools, subject: string): Promise<string[]> {
  const labels = await tools.queryLabels([subject], 0, 50)
  return labels.filter(({ neg }) => !neg).map(({ val }) => val)
}
