import { describe, expect, it } from 'vitest'
import { parseConfig } from './config.ts'
import type { Env } from './env.ts'

const parse = (documents: unknown, more: Env = {}) =>
  parseConfig({
    HARRIER_TARGETS: typeof documents === 'string' ? documents : JSON.stringify(documents),
    ...more,
  })

const secret = 'a-secret-of-the-operator'
const pds = { id: 'pds', kind: 'pds', url: 'https://pds.example.com' }
const account = { identifier: 'mod.example.com', password: secret }
const ozone = { id: 'ozone', kind: 'ozone', did: 'did:plc:ar7c4by46qjdydhdevvrndac', ...account }
const service = { ...ozone, id: 'bsky', kind: 'moderation' }

describe('HARRIER_TARGETS', () => {
  it('are documents of a PDS, of an Ozone by account or by password, and of a moderation service', () => {
    const { identifier: _, password: __, ...bare } = ozone
    const direct = { ...bare, id: 'direct', url: 'https://ozone.example.com', adminPassword: secret }
    const { secrets, config } = parse([{ ...pds, adminPassword: secret }, ozone, direct, service])
    expect(secrets.targets).toMatchObject([
      { kind: 'pds', did: 'did:web:pds.example.com', adminPassword: secret },
      { kind: 'ozone', acting: { ...account, pds: undefined } },
      { kind: 'ozone', url: 'https://ozone.example.com', adminPassword: secret, acting: undefined },
      { kind: 'moderation', id: 'bsky', acting: account },
    ])
    expect(JSON.stringify(config)).not.toContain(secret)
    expect(JSON.stringify(secrets)).not.toContain(secret)
    expect(parse(pds).secrets.targets).toMatchObject([{ adminPassword: undefined }])
  })

  it.each<[string, unknown, RegExp]>([
    ['no JSON', secret, /24 characters that are no JSON/],
    ['another kind', [{ ...pds, kind: 'appview' }], /kind/],
    ['a kind that is not said', [secret], /one of them/],
    ['an id twice', [pds, pds], /each id once but received pds again/],
    ['the id of our own labels', [{ ...pds, id: 'labels' }], /our own stream/],
    ['an address with a path', [{ ...pds, url: 'https://pds.example.com/xrpc' }], /url: expected scheme/],
    [
      'an address with a password',
      [{ ...pds, url: `https://a:${secret}@example.com` }],
      /url: expected scheme/,
    ],
    ['plain HTTP', [{ ...pds, url: 'http://10.0.0.5:2583' }], /HARRIER_TARGET_PRIVATE_ORIGINS/],
    ['a service without its DID', [{ ...service, did: secret }], /did: expected a DID/],
    ['an account without a password', [{ ...ozone, password: undefined }], /password/],
    [
      'two ways at once',
      [{ ...ozone, url: 'https://ozone.example.com', adminPassword: secret }],
      /identifier/,
    ],
    ['what is not known', [{ ...pds, passwort: secret }], /passwort/],
  ])('are refused with %s, by name and without the secret', (_, documents, problem) => {
    expect(() => parse(documents)).toThrow(problem)
    expect(() => parse(documents)).not.toThrow(secret)
  })

  it('may be plain HTTP where the operator names the origin, a moderator’s host too', () => {
    const origin = 'http://10.0.0.5:2583'
    const documents = [
      { ...pds, url: origin },
      { ...ozone, pds: origin },
    ]
    expect(parse(documents, { HARRIER_TARGET_PRIVATE_ORIGINS: origin }).secrets.targets).toHaveLength(2)
  })

  it('have no id that a webhook endpoint has', () => {
    const endpoint = { id: 'pds', webhook_url: 'https://app.example.com/hook', secret }
    expect(() => parse(pds, { HARRIER_WEBHOOK_ENDPOINTS: JSON.stringify(endpoint) })).toThrow(
      /that no webhook endpoint has but received pds/,
    )
  })
})
