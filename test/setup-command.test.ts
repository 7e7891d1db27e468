import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Env } from '../src/config/env.ts'
import { createLabelKey, resolveLabelKey } from './support/label-key.ts'
import { type Network, openNetwork } from './support/network.ts'
import { Owner, ownerEndpoint } from './support/owner.ts'

// Each run is a process of its own, and the network is in this one.
describe('harrier setup', { timeout: 120_000 }, () => {
  let network: Network
  let owner: Owner
  let other: Owner
  let compiled: string

  beforeAll(async () => {
    compiled = mkdtempSync(join(tmpdir(), 'harrier-compiled-'))
    network = await openNetwork()
    owner = new Owner(network, await network.createAccount('labeler.test'))
    other = new Owner(network, await network.createAccount('relabeled.test'))
  })
  afterAll(async () => {
    owner[Symbol.dispose]()
    other[Symbol.dispose]()
    rmSync(compiled, { recursive: true, force: true })
    await network[Symbol.asyncDispose]()
  })

  const run = (
    { folder, env }: Owner,
    argv: readonly string[],
    more: Env = {},
    answer?: (err: string) => string | undefined,
  ): Promise<Ended> => {
    // Each run would compile the same again.
    const cache = { NODE_COMPILE_CACHE: compiled }
    return runSetup(argv, { cwd: folder, env: { ...env, ...cache, ...more } }, answer)
  }

  it('shows with --dry-run what would change, asks for nothing and writes nothing', async () => {
    const before = [await owner.plcLog(), network.mails.length, readdirSync(owner.folder)]
    const { code, out, err } = await run(owner, ['labeler.test', '--pds', network.pdsUrl, '--dry-run'])
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain(owner.account.did)
    expect(out).toContain('+ verificationMethods.atproto_label: a new key')
    expect(out).toContain(
      `+ services.atproto_labeler: {"type":"AtprotoLabeler","endpoint":"${ownerEndpoint}"}`,
    )
    expect(out).toMatch(/\+ policies\.labelValueDefinitions\.known-image: .*"severity":"alert"/)
    expect(out).toContain('Nothing was written')
    expect([await owner.plcLog(), network.mails.length, readdirSync(owner.folder)]).toEqual(before)
    expect(await owner.record()).toBeUndefined()
  })

  it('takes a password and the mailed token from a script, and leaves neither anywhere', async () => {
    const tokens: string[] = []
    const answer = (err: string): string | undefined => {
      if (err.endsWith('Password of the account: \n')) return owner.account.password
      if (!/Token in the mail.*\n$/.test(err)) return undefined
      tokens.push(owner.mailedToken)
      return owner.mailedToken
    }
    const { code, out, err } = await run(owner, [owner.account.did, '--json'], {}, answer)
    expect([code, tokens.length]).toEqual([0, 1])
    const labelKey = await resolveLabelKey(network.plcUrl, owner.account.did)
    expect(JSON.parse(out)).toMatchObject({
      state: 'done',
      did: owner.account.did,
      endpoint: ownerEndpoint,
      labelKey,
      document: [{ at: 'verificationMethods.atproto_label' }, { at: 'services.atproto_labeler' }],
    })
    const written = [out, err, ...filesUnder(owner.folder)].join('\n')
    expect(written).toContain(labelKey)
    for (const secret of [owner.account.password, ...tokens]) expect(written).not.toContain(secret)
  })

  it('says that all is as it should be when it is run again, without asking anybody', async () => {
    const env = { HARRIER_PUBLIC_URL: '' }
    const { code, out, err } = await run(owner, [owner.account.did, '--url', ownerEndpoint], env)
    expect([code, err]).toEqual([0, ''])
    expect(out.match(/is as it should be/g)).toHaveLength(2)
    expect(out).toContain(`HARRIER_LABELER_DID=${owner.account.did}\nHARRIER_PUBLIC_URL=${ownerEndpoint}\n`)
    expect(JSON.parse((await run(owner, [owner.account.did, '--json'])).out)).toMatchObject({
      state: 'unchanged',
      document: [],
      record: [],
    })
  })

  it('stops before another key or another address is replaced, and replaces them with --replace', async () => {
    const { didKey } = await createLabelKey()
    const endpoint = 'https://old.example.com'
    await network.declareLabeler(other.account, { labelKeyDidKey: didKey, endpoint })
    const log = await other.plcLog()
    const stopped = await run(other, [other.account.did])
    expect(stopped.code).toBe(1)
    expect(stopped.out).toContain(`~ verificationMethods.atproto_label: ${didKey} -> a new key`)
    expect(stopped.out).toContain(`~ services.atproto_labeler.endpoint: ${endpoint} -> ${ownerEndpoint}`)
    expect(stopped.err).toMatch(/#atproto_label and #atproto_labeler would be replaced.*bring .*--replace/)
    expect(await other.plcLog()).toEqual(log)
    expect(existsSync(join(other.folder, 'data'))).toBe(false)

    const env = { HARRIER_ACCOUNT_PASSWORD: other.account.password }
    const waiting = await run(other, [other.account.did, '--replace'], env)
    expect([waiting.code, await other.plcLog()]).toEqual([1, log])
    expect(waiting.err).toMatch(/Token in the mail.*--plc-token.*but the input ended/)
    const token = ['--plc-token', other.mailedToken]
    const replaced = await run(other, [other.account.did, '--replace', ...token], env)
    expect([replaced.code, replaced.err]).toEqual([0, ''])
    const last = (await other.plcLog()).at(-1)
    expect(last?.['services']).toMatchObject({ atproto_labeler: { endpoint: ownerEndpoint } })
    expect(await resolveLabelKey(network.plcUrl, other.account.did)).not.toBe(didKey)
  })

  it('says in JSON what went wrong, and nothing of the password', async () => {
    other.writePolicy('labels: [something-new]\n')
    const env = { HARRIER_ACCOUNT_PASSWORD: 'not-the-password' }
    const { code, out, err } = await run(other, [other.account.did, '--json'], env)
    expect([code, out]).toEqual([1, ''])
    expect(JSON.parse(err)).toMatchObject({ error: 'PdsError' })
    expect(err).not.toContain('not-the-password')
  })
})

type Ended = { readonly code: number | null; readonly out: string; readonly err: string }

/** Runs the command; `answer` says what is written to its input for what it has asked so far. */
async function runSetup(
  argv: readonly string[],
  options: { readonly cwd: string; readonly env: Env },
  answer?: (err: string) => string | undefined,
): Promise<Ended> {
  const program = join(import.meta.dirname, '../scripts/harrier.ts')
  const child = spawn(process.execPath, [program, 'setup', ...argv], options)
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => {
    out += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    err += String(chunk)
    const said = answer?.(err)
    if (said !== undefined) child.stdin.write(`${said}\n`)
  })
  if (!answer) child.stdin.end()
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, out, err }
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
}
