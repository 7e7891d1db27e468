import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ConfigError, formatConfigReference, parseConfig } from './config.ts'

const problemsOf = (env: Record<string, string>): string => {
  try {
    parseConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

describe('parseConfig', () => {
  it('takes the defaults where nothing is set, and where a variable is empty', () => {
    const { config, secrets } = parseConfig({ HARRIER_PUBLIC_PORT: '', PATH: '/bin' })
    expect(config).toMatchObject({
      dataDir: './data',
      publicPort: 3000,
      operatorHost: '127.0.0.1',
      allowPrivateOrigins: [],
    })
    expect(secrets.signingKey).toBeUndefined()
  })

  it('lists every problem: the name, what was expected, what was found', () => {
    const message = problemsOf({
      HARRIER_PUBLIC_PORT: '12x',
      HARRIER_MAX_PIXELS: '5',
      HARRIER_LABELER_DID: 'alice.test',
      HARRIER_LOG_LEVEL: 'loud',
      HARRIER_JETSTREAM_URLS: 'wss://a.example/subscribe, http://b.example',
      HARRIER_PUBLIC_PROT: '3000',
    })
    expect(message.split('\n').slice(1)).toEqual([
      '  HARRIER_PUBLIC_PROT: no such setting; the nearest is HARRIER_PUBLIC_PORT',
      '  HARRIER_LOG_LEVEL: expected one of error, warn, info, debug but received "loud"',
      '  HARRIER_LABELER_DID: expected a DID such as did:plc:… or did:web:… but received "alice.test"',
      '  HARRIER_PUBLIC_PORT: expected a whole number from 0 to 65535 but received "12x"',
      '  HARRIER_JETSTREAM_URLS: expected ws: or wss: URLs separated by commas but received "http://b.example"',
      '  HARRIER_MAX_PIXELS: expected a whole number from 1000000 to 500000000 but received "5"',
    ])
  })

  it('never shows a secret, neither when it is wrong nor when it is logged', () => {
    expect(problemsOf({ HARRIER_SIGNING_KEY: 'my-secret' })).not.toContain('my-secret')
    const key = 'ab'.repeat(32)
    const { config, secrets } = parseConfig({
      HARRIER_SIGNING_KEY: key.toUpperCase(),
      HARRIER_ACCOUNT_PASSWORD: 'open-sesame',
    })
    expect([secrets.signingKey, secrets.accountPassword]).toEqual([key, 'open-sesame'])
    expect(JSON.stringify({ config, secrets })).not.toMatch(new RegExp(`${key}|open-sesame`))
  })

  it('reads an emission budget: none, that of Bluesky, or limits of our own', () => {
    const budgetOf = (text: string) => parseConfig({ HARRIER_EMISSION_BUDGET: text }).config.emissionBudget
    expect([budgetOf(''), budgetOf('none')]).toEqual([{}, {}])
    expect(budgetOf('bluesky')).toEqual({ second: 5, hour: 10_000, day: 100_000 })
    expect(budgetOf('2/s, 5000/d')).toEqual({ second: 2, day: 5000 })
    for (const text of ['5', '0/s', '5/m', '1.5/s', '5/s,', 'Bluesky'])
      expect(() => budgetOf(text), text).toThrow('5/s')
  })

  it('reads who may call without a key, each once and with scopes that there are', () => {
    const callersOf = (text: string) => parseConfig({ HARRIER_SERVICE_CALLERS: text }).config.serviceCallers
    expect(callersOf('')).toEqual([])
    expect(callersOf('did:plc:z72i7hdynmk6r22z27h6tvur=match+hash, did:web:a.example=admin')).toEqual([
      { did: 'did:plc:z72i7hdynmk6r22z27h6tvur', scopes: ['hash', 'match'] },
      { did: 'did:web:a.example', scopes: ['admin'] },
    ])
    const did = 'did:web:a.example'
    for (const text of [
      did,
      `${did}=`,
      `${did}=all`,
      `${did}=match+`,
      `${did}=match=hash`,
      'a.example=match',
    ])
      expect(() => callersOf(text), text).toThrow('HARRIER_SERVICE_CALLERS')
    expect(() => callersOf(`${did}=match,${did}=hash`)).toThrow('each DID once')
  })

  it('reads which banks are told as what, and takes no short credential', () => {
    const labelsOf = (text: string) => parseConfig({ HARRIER_RECEIVER_LABELS: text }).config.receiverLabels
    expect([labelsOf(''), labelsOf('a=csam, b=csem')]).toEqual([
      [],
      [
        { bank: 'a', label: 'csam' },
        { bank: 'b', label: 'csem' },
      ],
    ])
    for (const text of ['a', 'a=porn', '=csam', 'a=csam=csem', 'a=csam,', 'a=csam,a=csem'])
      expect(() => labelsOf(text), text).toThrow('HARRIER_RECEIVER_LABELS')
    expect(problemsOf({ HARRIER_HEPA_PASSWORD: 'short' })).toMatch(/HARRIER_HEPA_PASSWORD: .* 5 characters/)
    expect(problemsOf({ HARRIER_EUROSKY_TOKEN: 'with spaces in it, and long' })).not.toContain('spaces in')
    const { config, secrets } = parseConfig({ HARRIER_OZONE_DIVERT_PASSWORD: 'ozone-ozone-ozone' })
    expect(secrets.ozoneDivertPassword).toBe('ozone-ozone-ozone')
    expect(JSON.stringify({ config, secrets })).not.toContain('ozone-ozone')
  })

  it('is what docs/CONFIG.md says', () => {
    expect(readFileSync('docs/CONFIG.md', 'utf8')).toBe(formatConfigReference())
  })
})
