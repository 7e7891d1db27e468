import { hash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseConfig } from '../src/config/config.ts'
import { openResources } from '../src/resources.ts'

describe('a start of the service', () => {
  let folder: string
  let policyFile: string
  const policy = 'labels: [known-image]\n'
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'harrier-start-'))
    policyFile = join(folder, 'policy.yaml')
    writeFileSync(policyFile, policy)
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  /** Opens what the service, or a command, stands on, and returns the rows about settings and policy, newest first. */
  async function open(env: Record<string, string>, opener: 'service' | 'command' = 'service') {
    const { config, secrets } = parseConfig({
      HARRIER_DATA_DIR: join(folder, 'data'),
      HARRIER_POLICY_FILE: policyFile,
      ...env,
    })
    const { database } = await openResources(config, secrets, { opener, now: () => new Date() })
    await using _ = database
    return [...(await database.audit.list('settings', 9)), ...(await database.audit.list('policy', 9))]
  }

  it('records what changed since the last one, and nothing where nothing did', async () => {
    const first = await open({})
    expect(first.map(({ action, details }) => [action, details])).toEqual([
      [
        'config.changed',
        {
          comparedWith: 'the defaults',
          changed: {
            HARRIER_DATA_DIR: { from: './data', to: join(folder, 'data') },
            HARRIER_POLICY_FILE: { from: null, to: policyFile },
          },
        },
      ],
      ['policy.changed', { from: null, to: hash('sha256', policy), file: policyFile }],
    ])
    expect(await open({})).toEqual(first)
    const changed = { HARRIER_MAX_ATTEMPTS: '9', HARRIER_OPERATOR_TOKEN: 'a-token-of-some-length' }
    writeFileSync(policyFile, `${policy}# another\n`)
    const [settings, ...more] = await open(changed)
    expect(settings?.details).toEqual({
      comparedWith: 'the last start',
      changed: { HARRIER_MAX_ATTEMPTS: { from: 8, to: 9 }, HARRIER_OPERATOR_TOKEN: 'set' },
    })
    expect(more[1]).toMatchObject({
      action: 'policy.changed',
      details: { from: hash('sha256', policy), to: hash('sha256', `${policy}# another\n`) },
    })
    expect(await open(changed)).toHaveLength(4)
    const token = { ...changed, HARRIER_OPERATOR_TOKEN: 'another-token-of-some-length' }
    const [secret] = await open(token)
    expect(secret?.details['changed']).toEqual({ HARRIER_OPERATOR_TOKEN: 'changed' })
    expect(JSON.stringify(await open(token))).not.toContain('-of-some-length')
  })

  it('is no command: that runs on settings of its own and records none', async () => {
    expect(await open({ HARRIER_MAX_ATTEMPTS: '9' }, 'command')).toEqual([])
  })
})
