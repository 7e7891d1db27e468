import { describe, expect, it } from 'vitest'
import { ConfigError, parseConfig } from './config.ts'

describe('the variables of the guide’s service', () => {
  it('stand for settings of ours', () => {
    const { config, secrets } = parseConfig({
      HOST: '127.0.0.1',
      PORT: '3100',
      WORKERS: '4',
      LOG_LEVEL: 'WARNING',
      REQUEST_TIMEOUT_SECONDS: '30',
      HMA_API_KEY: 'a-key-of-16-characters',
      HARRIER_WEBHOOKS: 'signed',
      ENABLE_AUDIT_LOGGING: 'true',
      ENABLE_METRICS: 'True',
      ENABLE_NCMEC_REPORTING: 'false',
      DATABASE_URL: '',
    })
    expect(config).toMatchObject({
      publicHost: '127.0.0.1',
      publicPort: 3100,
      hashProcesses: 4,
      logLevel: 'warn',
      fetchTimeoutMs: 30_000,
    })
    expect(secrets.webhookSecret).toBe('a-key-of-16-characters')
  })

  it('yield to ours that say the same, and stop the start where they differ', () => {
    expect(parseConfig({ PORT: '3100', HARRIER_PUBLIC_PORT: '3100' }).config.publicPort).toBe(3100)
    const differing = () => parseConfig({ PORT: '3100', HARRIER_PUBLIC_PORT: '3000' })
    expect(differing).toThrow('PORT: it says something else than HARRIER_PUBLIC_PORT')
    const secret = {
      HMA_API_KEY: 'a-key-of-16-characters',
      HARRIER_WEBHOOK_SECRET: 'another-of-16-characters',
    }
    expect(() => parseConfig({ ...secret, HARRIER_WEBHOOKS: 'signed' })).not.toThrow('a-key-of')
    expect(() => parseConfig({ ...secret, HARRIER_WEBHOOKS: 'signed' })).toThrow('HMA_API_KEY')
  })

  it.each([
    ['DATABASE_URL', 'postgresql://u:secret@db/hma', 'HARRIER_DATA_DIR'],
    ['HMA_API_URL', 'http://hma:5000', 'harrier bank import'],
    ['AT_PROTOCOL_PDS_URL', 'https://pds.example.com', 'HARRIER_GATE_PDS'],
    ['AT_PROTOCOL_API_KEY', 'secret', 'harrier setup'],
    ['NCMEC_API_KEY', 'secret', 'user name and a password'],
    ['NCMEC_ORGANIZATION_ID', '1', 'unset it'],
    ['LOG_FILE', 'hma.log', 'standard output'],
    ['JWT_SECRET', 'secret', 'harrier api-key create'],
    ['ENCRYPTION_KEY', 'secret', 'unset it'],
    ['ENABLE_NCMEC_REPORTING', 'true', 'set it to false'],
    ['ENABLE_AUDIT_LOGGING', 'false', 'set it to true'],
    ['ENABLE_METRICS', 'false', 'set it to true'],
    ['MAX_CONCURRENT_REQUESTS', '100', 'HARRIER_JOBS_AT_ONCE'],
    ['HASH_CACHE_SIZE', '1000', 'unset it'],
    ['LOG_LEVEL', 'loud', 'DEBUG, INFO'],
    ['REQUEST_TIMEOUT_SECONDS', '1.5', 'whole number of seconds'],
    ['PORT', 'http', 'HARRIER_PUBLIC_PORT'],
  ])('are refused with what to do instead: %s=%s', (variable, value, told) => {
    const start = () => parseConfig({ [variable]: value })
    expect(start).toThrow(ConfigError)
    expect(start).toThrow(told)
    expect(start).not.toThrow('secret')
  })

  it('are another program’s once the operator has done what they are refused with', () => {
    const others = { DATABASE_URL: 'x', AT_PROTOCOL_PDS_URL: 'x', MAX_CONCURRENT_REQUESTS: '9' }
    const done = {
      HARRIER_DATA_DIR: './d',
      HARRIER_GATE_PDS: 'http://127.0.0.1:1',
      HARRIER_JOBS_AT_ONCE: '3',
    }
    expect(parseConfig({ ...others, ...done }).config.jobsAtOnce).toBe(3)
  })
})
