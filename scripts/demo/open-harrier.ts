import { createWriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type App, openApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/config.ts'
import { createLogger } from '../../src/lib/logger.ts'
import { defaultMinQuality, defaultThreshold } from '../../src/model/bank.ts'
import type { Network } from '../../test/support/network.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import type { JobWatch } from './job-watch.ts'

/** The label value that the demo's policy publishes. */
export const demoLabel = 'known-image'
/** The demo's bank. */
export const demoBank = 'demo'

/** The settings of the demo's service, as variables: what an operator would have in `.env`. */
export type DemoSettings = Readonly<Record<`HARRIER_${string}`, string>>

/** Writes the policy and `demo.env` into the folder, and returns the settings that are in the latter. */
export async function writeSettings(
  folder: string,
  network: Network,
  labelerDid: string,
): Promise<DemoSettings> {
  const settings: DemoSettings = {
    HARRIER_DATA_DIR: folder,
    HARRIER_POLICY_FILE: join(folder, 'policy.yaml'),
    HARRIER_LABELER_DID: labelerDid,
    HARRIER_PUBLIC_HOST: '127.0.0.1',
    HARRIER_PUBLIC_PORT: '0',
    HARRIER_OPERATOR_PORT: '0',
    HARRIER_JETSTREAM_URLS: `${network.jetstreamUrl}/subscribe`,
    // Nobody else posts on this network; it may be quiet for long.
    HARRIER_JETSTREAM_STALL_MS: '3600000',
    HARRIER_PLC_URL: network.plcUrl,
    HARRIER_ALLOW_PRIVATE_ORIGINS: `${network.plcUrl},${network.pdsUrl}`,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'\n`)
  await writeFile(join(folder, 'policy.yaml'), policy)
  await writeFile(join(folder, 'demo.env'), lines.join(''), { mode: 0o600 })
  return settings
}

/** Creates the bank and puts the picture into it, as `harrier bank create` and `harrier bank add` do. */
export async function bankPicture(settings: DemoSettings, bytes: Uint8Array, note: string): Promise<number> {
  await using tools = await openCommandTools(settings)
  const hashed = await tools.hash(bytes)
  if (hashed.kind !== 'hashed')
    throw new Error(`Expected the drawn picture to be hashed but it is ${hashed.reason}`)
  const bank = await tools.banks.create({
    name: demoBank,
    threshold: defaultThreshold,
    minQuality: defaultMinQuality,
    profile: 'reference-512',
  })
  const { contentId } = await tools.banks.add(bank, hashed.hashes, note)
  return contentId
}

/**
 * Starts the service on the settings, through the same parser and the same opener as `npm start`. Its log goes to
 * `harrier.log` in the folder, for the terminal is the demo's.
 */
export async function openHarrier(settings: DemoSettings, watch: JobWatch): Promise<App> {
  const { config, secrets } = parseConfig(settings)
  const log = createWriteStream(join(config.dataDir, 'harrier.log'))
  return openApp(config, secrets, { observer: watch, logger: createLogger(config.logLevel, log) })
}

const policy = `# What matches call for; see docs/CONFIG.md.
labels: [${demoLabel}]
banks:
  ${demoBank}:
    - distance: 31
      effects: [{ label: ${demoLabel} }]
`
