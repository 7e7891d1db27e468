/**
 * The composition root of `harrier doctor`: the network within its bounds, and what only the operator of this installation
 * knows. It opens no store, and works beside a service that runs and beside one that never did.
 */
import { Resolver } from 'node:dns/promises'
import packageJson from '../package.json' with { type: 'json' }
import { createKeyFolder } from './atproto/key-folder.ts'
import { importSigningKey } from './atproto/signing-key.ts'
import type { Secrets } from './config/config.ts'
import type { Config } from './config/settings.ts'
import { localUrl } from './http/listener.ts'
import { type CheckResult, type DoctorDeps, examineLabeler, type OwnLabeler } from './identity/doctor.ts'
import { createSafeFetch, type SafeFetchOptions } from './lib/safe-fetch.ts'
import { createSafeWebSocket } from './lib/safe-websocket.ts'
import { openPolicy } from './resources.ts'

/** Finds why a labeler's labels do not show. Reads the settings, the key and the policy, and writes nothing. */
export interface Doctor {
  /** Yields each check's result as it is made; `subject` is a DID, a handle or a URL, or undefined for our own labeler. */
  examine(subject: string | undefined, signal: AbortSignal): AsyncIterable<CheckResult>
}

const doctorAgent = `harrier/${packageJson.version} (doctor)`
const doctorLimits = { timeoutMs: 10_000, quietMs: 1_500, maxLabels: 2_000 }

/** Returns the doctor, on the settings of this installation. @throws {PolicyError} */
export async function createDoctor(config: Config, secrets: Secrets): Promise<Doctor> {
  const deps = doctorDeps(config, await ownLabeler(config, secrets))
  return { examine: (subject, signal) => examineLabeler(subject, deps, signal) }
}

function doctorDeps(config: Config, own: OwnLabeler | undefined): DoctorDeps {
  const { allowPrivateOrigins, plcUrl } = config
  const dns = new Resolver({ timeout: 3_000, tries: 2 })
  return {
    fetch: createSafeFetch(doctorFetch(allowPrivateOrigins)),
    openWebSocket: createSafeWebSocket({
      allowedPrivateOrigins: allowPrivateOrigins,
      userAgent: doctorAgent,
      handshakeTimeoutMs: doctorLimits.timeoutMs,
      maxMessageBytes: 4_000_000,
    }),
    resolveTxt: (name) => dns.resolveTxt(name),
    now: () => new Date(),
    plcUrl,
    allowedPrivateOrigins: allowPrivateOrigins,
    own,
    limits: doctorLimits,
  }
}

function doctorFetch(allowedPrivateOrigins: readonly string[]): SafeFetchOptions {
  return { timeoutMs: doctorLimits.timeoutMs, maxRedirects: 3, allowedPrivateOrigins, userAgent: doctorAgent }
}

/** Undefined while the settings name no labeler. A key is not made here: looking must change nothing. */
async function ownLabeler(config: Config, secrets: Secrets): Promise<OwnLabeler | undefined> {
  const { labelerDid: did } = config
  if (did === undefined) return undefined
  const urls = {
    localUrl: localUrl({ host: config.publicHost, port: config.publicPort }),
    operatorUrl: localUrl({ host: config.operatorHost, port: config.operatorPort }),
  }
  return {
    did,
    signingKey: await ownSigningKey(config, secrets),
    labelVals: openPolicy(config).labels,
    ...urls,
    fetch: createSafeFetch(doctorFetch(Object.values(urls))),
  }
}

async function ownSigningKey(config: Config, { signingKey }: Secrets): Promise<string | undefined> {
  if (signingKey !== undefined) return (await importSigningKey(signingKey)).did()
  return (await createKeyFolder(config.dataDir).current())?.did()
}
