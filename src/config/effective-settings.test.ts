import { describe, expect, it } from 'vitest'
import { parseConfig } from './config.ts'
import { effectiveSettings } from './effective-settings.ts'

describe('effectiveSettings', () => {
  const secretsSet = {
    HARRIER_SIGNING_KEY: 'ab'.repeat(32),
    HARRIER_OPERATOR_TOKEN: 'operator-token-secret',
    HARRIER_ACCOUNT_PASSWORD: 'account-password-secret',
    HARRIER_APPVIEW_DATABASE_URL: 'postgres://name:url-password-secret@db/bsky',
    HARRIER_WEBHOOKS: 'signed',
    HARRIER_WEBHOOK_SECRET: 'webhook-secret-secret',
    HARRIER_HEPA_PASSWORD: 'hepa-password-secret',
    HARRIER_OZONE_DIVERT_PASSWORD: 'ozone-password-secret',
    HARRIER_EUROSKY_TOKEN: 'eurosky-token-secret',
  }
  const of = (env: Record<string, string>) => {
    const { config, secrets } = parseConfig(env)
    return effectiveSettings(config, secrets, (name) => `digest of ${name}`)
  }

  it('has every setting once; all are at their defaults where nothing is set', () => {
    const all = of({})
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
    expect(all.length).toBeGreaterThan(50)
    expect(all.filter(({ value, default: fallback }) => value !== fallback)).toEqual([])
  })

  it('has the values that are in effect as JSON, and of secrets the digest alone', () => {
    const all = new Map(
      of({ ...secretsSet, HARRIER_PUBLIC_PORT: '1234' }).map((setting) => [setting.name, setting]),
    )
    expect(all.get('HARRIER_PUBLIC_PORT')).toMatchObject({ value: '1234', default: '3000', isSecret: false })
    for (const name of Object.keys(secretsSet).filter((name) => name !== 'HARRIER_WEBHOOKS'))
      expect(all.get(name)).toEqual({ name, value: `"digest of ${name}"`, default: 'null', isSecret: true })
    const text = JSON.stringify([...all.values()])
    expect(text).not.toMatch(/-secret|abab/)
  })
})
