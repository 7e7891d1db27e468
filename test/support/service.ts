import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type App, openApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/config.ts'
import type { Env } from '../../src/config/env.ts'
import { createLogger } from '../../src/lib/logger.ts'
import { openTools, type Tools } from '../../src/tools.ts'
import type { JobObserver } from '../../src/worker.ts'
import type { World } from '../../src/world.ts'
import type { Network } from './network.ts'

/** The value that test labelers publish. */
export const testLabel = 'known-image'

/** A test's folder with the settings of a service in it; disposal removes it. */
export type ServiceFolder = { readonly path: string; readonly env: Env } & Disposable

/** Makes a folder with a policy that labels every match of bank `known`, and the settings to serve it on the network. */
export function createServiceFolder(
  network: Pick<Network, 'jetstreamUrl' | 'plcUrl' | 'pdsUrl'>,
  more: Env = {},
): ServiceFolder {
  const path = mkdtempSync(join(tmpdir(), 'harrier-service-'))
  const policyFile = join(path, 'policy.yaml')
  writeFileSync(
    policyFile,
    `labels: [${testLabel}]\nbanks:\n  known:\n    - distance: 31\n      effects: [{ label: ${testLabel} }]\n`,
  )
  const env = {
    HARRIER_DATA_DIR: path,
    HARRIER_POLICY_FILE: policyFile,
    HARRIER_PUBLIC_HOST: '127.0.0.1',
    HARRIER_PUBLIC_PORT: '0',
    HARRIER_OPERATOR_PORT: '0',
    HARRIER_JETSTREAM_URLS: network.jetstreamUrl,
    HARRIER_PLC_URL: network.plcUrl,
    HARRIER_ALLOW_PRIVATE_ORIGINS: `${network.plcUrl},${network.pdsUrl}`,
    HARRIER_HASH_PROCESSES: '1',
    HARRIER_RETRY_BASE_MS: '50',
    ...more,
  }
  return { path, env, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** Opens the service on a folder's settings, in this process; its log lines go to `lines` when they are wanted. */
export function openService(
  { env }: Pick<ServiceFolder, 'env'>,
  { observer, lines = [], world }: { observer?: JobObserver; lines?: string[]; world?: World } = {},
): Promise<App> {
  const { config, secrets } = parseConfig(env)
  const logger = createLogger('debug', { write: (line) => void lines.push(line) })
  return openApp(config, secrets, { logger, ...(observer ? { observer } : {}), ...(world ? { world } : {}) })
}

/** Opens the operator's tools on a folder's settings. */
export function openServiceTools({ env }: Pick<ServiceFolder, 'env'>): Promise<Tools> {
  const { config, secrets } = parseConfig(env)
  return openTools(config, secrets)
}

/** Creates bank `known` if need be and adds a picture to it, as an operator would. */
export async function bankPicture(folder: Pick<ServiceFolder, 'env'>, bytes: Uint8Array): Promise<void> {
  await using tools = await openServiceTools(folder)
  const bank =
    (await tools.banks.find('known')) ??
    (await tools.banks.create({ name: 'known', threshold: 31, minQuality: 50, profile: 'reference-512' }))
  const outcome = await tools.hash(bytes)
  if (outcome.kind !== 'hashed') throw new Error(`Expected a picture but it is ${outcome.reason}`)
  await tools.banks.add(bank, outcome.hashes, 'test')
}
