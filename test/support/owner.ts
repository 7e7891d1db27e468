import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '../../src/config/config.ts'
import type { Env } from '../../src/config/env.ts'
import {
  type OwnerAnswers,
  type OwnerStep,
  openSetup,
  type Setup,
  type SetupRequest,
} from '../../src/setup.ts'
import { realWorld, type World } from '../../src/world.ts'
import type { Account } from './accounts.ts'
import type { Network } from './network.ts'
import { plcTokenIn } from './pds.ts'

/** A policy with a value that is only named, reserved and global ones, and one that is defined. */
export const ownerPolicy = `labels:
  - spam
  - "!hide"
  - porn
  - identifier: known-image
    severity: alert
    blurs: content
    defaultSetting: hide
    locales: [{ lang: en, name: Known image, description: A bank holds it. }]
reports: { subjectTypes: [record] }
`

/** Where the labelers of owners are to be reached. */
export const ownerEndpoint = 'https://labels.example.com'

const never = new AbortController().signal

/** The owner of an account, who wants it to be a labeler: with a folder, and rights answers to all questions. */
export class Owner implements Disposable {
  readonly account: Account
  readonly folder: string = mkdtempSync(join(tmpdir(), 'harrier-owner-'))
  /** What setups have done so far. */
  readonly steps: OwnerStep[] = []
  world: World = realWorld
  readonly #network: Network

  /** An owner of an account of the network; its policy is `ownerPolicy`. */
  constructor(network: Network, account: Account) {
    this.#network = network
    this.account = account
    this.writePolicy(ownerPolicy)
  }

  /** The settings. */
  get env(): Record<`HARRIER_${string}`, string> {
    return {
      HARRIER_DATA_DIR: join(this.folder, 'data'),
      HARRIER_POLICY_FILE: join(this.folder, 'policy.yaml'),
      HARRIER_PUBLIC_URL: ownerEndpoint,
      HARRIER_PLC_URL: this.#network.plcUrl,
      HARRIER_ALLOW_PRIVATE_ORIGINS: `${this.#network.plcUrl},${this.#network.pdsUrl}`,
    }
  }

  /** The token of the last mail, or `none`. */
  get mailedToken(): string {
    return plcTokenIn(this.#network.mails, this.account.email) ?? 'none'
  }

  /** Writes the policy file. */
  writePolicy(text: string): void {
    writeFileSync(join(this.folder, 'policy.yaml'), text)
  }

  /** Opens a setup of the account, as the command does. */
  open(request: Partial<SetupRequest> = {}, env: Env = {}): Promise<Setup> {
    const { config, secrets } = parseConfig({ ...this.env, ...env })
    const { did } = this.account
    const whole = {
      account: did,
      url: undefined,
      pdsUrl: undefined,
      isPruned: false,
      isReplacing: false,
      ...request,
    }
    return openSetup(config, secrets, whole, never, this.world)
  }

  /** Opens a setup and applies it; resolves to the label key. */
  async setUp(
    answers: Partial<OwnerAnswers> = {},
    request: Partial<SetupRequest> = {},
    env: Env = {},
  ): Promise<string> {
    const setup = await this.open(request, env)
    return await setup.apply({
      password: async () => this.account.password,
      factorToken: async () => 'none',
      givenPlcToken: undefined,
      plcToken: async () => this.mailedToken,
      onStep: (step) => this.steps.push(step),
      ...answers,
    })
  }

  /** The account's operations in the directory, oldest first. */
  async plcLog(): Promise<Record<string, object>[]> {
    const response = await fetch(`${this.#network.plcUrl}/${this.account.did}/log`)
    return (await response.json()) as Record<string, object>[]
  }

  /** The account's service record as its host gives it to anybody. */
  async record(): Promise<Record<string, unknown>> {
    const place = { repo: this.account.did, collection: 'app.bsky.labeler.service', rkey: 'self' }
    const query = new URLSearchParams(place).toString()
    const response = await fetch(`${this.#network.pdsUrl}/xrpc/com.atproto.repo.getRecord?${query}`)
    return ((await response.json()) as { value: Record<string, unknown> }).value
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
