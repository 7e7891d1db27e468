import { schemas } from '@atproto/api'
import { Secp256k1Keypair } from '@atproto/crypto'
import { Lexicons } from '@atproto/lexicon'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Did } from '../src/model/ids.ts'
import type { ReportOutcome } from '../src/model/report.ts'
import { someCid, someDid, someUri } from './support/builders.ts'
import {
  createReport,
  labeler,
  openReportService,
  otherReporter,
  type ReportService,
  reporter,
  slowIssuer,
  type TokenParts,
} from './support/report-service.ts'

const spam = 'com.atproto.moderation.defs#reasonSpam'
const record = { $type: 'com.atproto.repo.strongRef', uri: someUri, cid: someCid }
const account = { $type: 'com.atproto.admin.defs#repoRef', did: someDid }
const body = { reasonType: spam, reason: 'private words', subject: record }
const lexicons = new Lexicons(schemas)

describe('com.atproto.moderation.createReport', () => {
  it.each([
    ['a record', record],
    ['an account', account],
  ])('answers a report of %s in the form of the lexicon', async (_, subject) => {
    await using service = await openReportService()
    const answer = await service.report({ ...body, subject })
    expect(answer.status).toBe(200)
    const reply: unknown = await answer.json()
    expect(reply).toEqual({
      id: 1,
      createdAt: '2026-01-01T00:00:00.500Z',
      reasonType: spam,
      reason: 'private words',
      subject,
      reportedBy: reporter,
    })
    expect(() => lexicons.assertValidXrpcOutput(createReport, reply)).not.toThrow()
    expect(() => lexicons.assertValidXrpcOutput(createReport, { ...body, id: 1 })).toThrow()
  })

  it('takes every reason that the network knows, without a text and with what the client says of itself', async () => {
    await using service = await openReportService({}, { byAccount: 100, bySubject: 100 })
    const known = lexicons.getDefOrThrow('com.atproto.moderation.defs#reasonType') as unknown as {
      readonly knownValues: readonly string[]
    }
    expect(known.knownValues).toHaveLength(47)
    const modTool = { name: 'client/1', meta: { build: 7 } }
    for (const reasonType of known.knownValues) {
      const isAppeal = reasonType.endsWith('Appeal')
      const subject = isAppeal ? { ...account, did: reporter } : account
      const answer = await service.report({ reasonType, subject, modTool })
      const reply: unknown = await answer.json()
      if (reasonType === 'tools.ozone.report.defs#reasonAppeal') {
        expect(reply, reasonType).toMatchObject({ error: 'AlreadyAppealed' })
      } else {
        expect(answer.status, reasonType).toBe(200)
        expect(reply).not.toHaveProperty('reason')
      }
    }
    const [first] = await service.database.reviews.reports(1, 1)
    expect(first).toMatchObject({ reason: undefined, modTool: { name: 'client/1', meta: { build: 7 } } })
  })

  it('files the report, the review, the fetch of the record and the audit rows together, and logs no words', async () => {
    await using service = await openReportService()
    await service.report(body)
    const { database } = service
    expect(await database.reviews.find(1)).toMatchObject({ subject: someUri, did: someDid, state: 'open' })
    expect(await database.reviews.reports(1, 10)).toMatchObject([
      { reportedBy: reporter, reason: 'private words' },
    ])
    expect(await database.subjectFetches.list(1)).toEqual([{ uri: someUri, outcome: undefined, attempts: 0 }])
    expect(await database.audit.list(someUri, 10)).toMatchObject([
      {
        action: 'report.filed',
        actor: reporter,
        details: { report: 1, review: 1, reasonType: spam, cid: someCid },
      },
      { action: 'review.opened', actor: 'harrier', details: { review: 1 } },
    ])
    expect(JSON.stringify(await database.audit.list(someUri, 10))).not.toContain('private words')
    expect(service.lines.length).toBeGreaterThan(0)
    expect(JSON.stringify(service.lines)).not.toContain('private words')
  })

  it('counts reports by what they are about and what became of them', async () => {
    await using service = await openReportService({ subjectTypes: ['record'] })
    await service.report(body)
    await service.report(body)
    await service.report({ ...body, reason: 'more' })
    await service.report({ ...body, subject: account })
    await service.report(body, 'none')
    expect(outcomesOf(service)).toEqual([
      ['misleading', 'opened'],
      ['misleading', 'repeated'],
      ['misleading', 'joined'],
      ['misleading', 'subject-not-taken'],
      [undefined, 'unauthenticated'],
    ])
  })
})

describe('a report that comes again', () => {
  it('is answered with the first, whoever asks at the same time', async () => {
    await using service = await openReportService()
    const answers = await Promise.all([service.report(body), service.report(body), service.report(body)])
    const ids = await Promise.all(answers.map(async (answer) => ((await answer.json()) as { id: number }).id))
    expect(ids).toEqual([1, 1, 1])
    expect(await service.database.reviews.reports(1, 10)).toHaveLength(1)
  })

  it.each([
    ['text', { reason: 'other words' }],
    ['missing text', { reason: undefined }],
    ['reason', { reasonType: 'com.atproto.moderation.defs#reasonRude' }],
    [
      'version',
      { subject: { ...record, cid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy' } },
    ],
  ])('is another one with another %s, and joins the review', async (_, parts) => {
    await using service = await openReportService()
    expect(await (await service.report(body)).json()).toMatchObject({ id: 1 })
    expect(await (await service.report({ ...body, ...parts })).json()).toMatchObject({ id: 2 })
    expect((await service.database.reviews.reports(1, 10)).map(({ id }) => id)).toEqual([1, 2])
  })

  it('is another one by somebody else, and after ten minutes', async () => {
    await using service = await openReportService()
    await service.report(body)
    const other = await service.token({ claims: { iss: otherReporter } })
    expect(await (await service.report(body, other)).json()).toMatchObject({
      id: 2,
      reportedBy: otherReporter,
    })
    service.clock.now += 599_000
    expect(await (await service.report(body)).json()).toMatchObject({ id: 1 })
    service.clock.now += 2_000
    expect(await (await service.report(body)).json()).toMatchObject({ id: 3 })
    expect(await service.database.reviews.find(1)).toMatchObject({ reportCount: 3 })
  })
})

describe('the token of a report', () => {
  const seconds = (service: ReportService, offset: number): number =>
    Math.floor(service.clock.now / 1000) + offset

  it.each<[string, (service: ReportService) => TokenParts]>([
    ['for the bare DID', () => ({})],
    ['for the DID with the service', () => ({ claims: { aud: `${labeler}#atproto_labeler` } })],
    ['of a key of the other kind', () => ({ claims: { iss: otherReporter } })],
    ['without a jti', () => ({ claims: { jti: undefined } })],
    ['without an iat', () => ({ claims: { iat: undefined } })],
    ['that lives for five minutes', (service) => ({ claims: { exp: seconds(service, 300) } })],
    [
      'of a clock that is half a minute ahead',
      (service) => ({ claims: { iat: seconds(service, 30), exp: seconds(service, 90) } }),
    ],
    [
      'that ended not half a minute ago',
      (service) => ({ claims: { iat: seconds(service, -89), exp: seconds(service, -29) } }),
    ],
  ])('is good %s', async (_, parts) => {
    await using service = await openReportService()
    const answer = await service.report(body, await service.token(parts(service)))
    expect([answer.status, await answer.json()]).toMatchObject([200, { id: 1 }])
  })

  it.each<[string, string, (service: ReportService) => Promise<TokenParts> | TokenParts]>([
    [
      'for another labeler',
      'BadJwtAudience',
      () => ({ claims: { aud: 'did:plc:z72i7hdynmk6r22z27h6tvur' } }),
    ],
    ['for another service of ours', 'BadJwtAudience', () => ({ claims: { aud: `${labeler}#atproto_pds` } })],
    [
      'for another method',
      'BadJwtLexiconMethod',
      () => ({ claims: { lxm: 'com.atproto.label.queryLabels' } }),
    ],
    ['for no method', 'BadJwtLexiconMethod', () => ({ claims: { lxm: undefined } })],
    [
      'that has ended',
      'JwtExpired',
      (service) => ({ claims: { iat: seconds(service, -90), exp: seconds(service, -30) } }),
    ],
    ['that lives too long', 'BadJwtLifetime', (service) => ({ claims: { exp: seconds(service, 301) } })],
    [
      'that lives too long and hides its beginning',
      'BadJwtLifetime',
      (service) => ({ claims: { iat: undefined, exp: seconds(service, 331) } }),
    ],
    [
      'that is made in the future',
      'BadJwtLifetime',
      (service) => ({ claims: { iat: seconds(service, 31), exp: seconds(service, 91) } }),
    ],
    ['of somebody else’s key', 'BadJwtSignature', async () => ({ key: await Secp256k1Keypair.create() })],
    ['of no algorithm', 'BadJwtSignature', () => ({ header: { alg: 'none' } })],
    ['of another algorithm than the key’s', 'BadJwtSignature', () => ({ header: { alg: 'ES256' } })],
    ['for a resource', 'BadJwtType', () => ({ header: { typ: 'at+jwt' } })],
    [
      'of nobody that can be found',
      'BadJwtIss',
      () => ({ claims: { iss: 'did:plc:nobodynobodynobodynobody' } }),
    ],
    ['of no account', 'BadJwtIss', () => ({ claims: { iss: 'alice.test' } })],
    [
      'of another service of an account',
      'BadJwtIss',
      () => ({ claims: { iss: `${reporter}#bsky_appview` } }),
    ],
    ['of a service that is none', 'BadJwtIss', () => ({ claims: { iss: `${reporter}#constructor` } })],
    ['of an empty service', 'BadJwtIss', () => ({ claims: { iss: `${reporter}#` } })],
    ['of a labeler that has no key', 'BadJwtIss', () => ({ claims: { iss: `${reporter}#atproto_labeler` } })],
    ['that says no end', 'BadJwt', () => ({ claims: { exp: undefined } })],
    ['whose end is no number', 'BadJwt', () => ({ claims: { exp: '9999999999' } })],
    ['that is too long', 'BadJwt', () => ({ claims: { more: 'x'.repeat(4096) } })],
  ])('is refused %s', async (_, error, parts) => {
    await using service = await openReportService()
    const answer = await service.report(body, await service.token(await parts(service)))
    expect([answer.status, await answer.json()]).toEqual([401, { error, message: expect.any(String) }])
    expect(outcomesOf(service)).toEqual([[undefined, 'unauthenticated']])
    expect(await service.database.reviews.list({ states: ['open'], limit: 1 })).toEqual([])
    expect((await service.report(body)).status).toBe(200)
  })

  it('is refused when its body was changed after it was signed', async () => {
    await using service = await openReportService()
    const [header, , signature] = (await service.token()).split('.')
    const [, other] = (await service.token({ claims: { iss: otherReporter, aud: labeler } })).split('.')
    const answer = await service.report(body, `${header}.${other}.${signature}`)
    expect([answer.status, await answer.json()]).toMatchObject([401, { error: 'BadJwtSignature' }])
  })

  it('is good once, in whatever form, until its time is up, and a replay costs its owner nothing', async () => {
    await using service = await openReportService()
    const tokens = [await service.token(), await service.token({ claims: { jti: undefined } })]
    for (const token of tokens) {
      expect((await service.report(body, token)).status).toBe(200)
      service.clock.now += 60_000
      for (let round = 0; round < 5; round++) {
        const replay = await service.report({ ...body, subject: account }, token)
        expect([replay.status, await replay.json()]).toMatchObject([401, { error: 'JwtReused' }])
      }
      service.clock.now -= 60_000
    }
    expect((await service.report(body)).headers.get('ratelimit-remaining')).toBe('2')
    service.clock.now += 90_000
    const late = await service.report(body, tokens[0])
    expect([late.status, await late.json()]).toMatchObject([401, { error: 'JwtExpired' }])
  })

  it('is checked once more with a fresh document when the account has changed its key', async () => {
    await using service = await openReportService()
    const { accounts } = service
    const old = accounts.keys.get(`${reporter}#atproto`)
    accounts.isCached = true
    await accounts.resolveDoc(reporter)
    await accounts.setKey(reporter, 'atproto', 'p256')
    accounts.asked.length = 0
    expect((await service.report(body)).status).toBe(200)
    expect(accounts.asked).toEqual([reporter, `${reporter} anew`])
    const wrong = await service.report(body, await service.token(old ? { key: old } : {}))
    expect([wrong.status, await wrong.json()]).toMatchObject([401, { error: 'BadJwtSignature' }])
  })

  it('of a labeler is checked with the key of its labels', async () => {
    await using service = await openReportService()
    await service.accounts.setKey(otherReporter, 'atproto_label')
    const claims = { iss: `${otherReporter}#atproto_labeler` }
    const answer = await service.report(body, await service.token({ claims }))
    expect(await answer.json()).toMatchObject({ reportedBy: otherReporter })
    const key = service.accounts.keys.get(`${otherReporter}#atproto`)
    const wrong = await service.report(body, await service.token({ claims, ...(key ? { key } : {}) }))
    expect(wrong.status).toBe(401)
  })

  it('is refused as such whatever it is', async () => {
    await using service = await openReportService()
    const part = fc.oneof(
      fc.stringMatching(/^[\w=#-]*$/),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
      fc.constant(Buffer.from('{"alg":"ES256K","typ":"JWT"}').toString('base64url')),
    )
    let tried = 0
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 5 }), async (parts) => {
        tried++
        expect((await service.report(body, parts.join('.'))).status).toBe(401)
      }),
      { numRuns: 100 },
    )
    expect(tried).toBeGreaterThanOrEqual(100)
    const none = await fetch(`${service.public.url}/xrpc/${createReport}`, { method: 'POST' })
    expect([none.status, await none.json()]).toMatchObject([401, { error: 'MissingJwt' }])
  })

  const slow = async (service: ReportService): Promise<Response> =>
    await service.report(body, await service.token({ claims: { iss: slowIssuer } }))

  it('that leads to a slow host keeps nobody else waiting, and no more of its kind are looked at than may be', async () => {
    await using service = await openReportService()
    const { accounts } = service
    const waiting = Array.from({ length: 4 }, () => slow(service))
    await expect.poll(() => accounts.waiting).toBe(4)
    const refused = await slow(service)
    expect([refused.status, await refused.json()]).toMatchObject([503, { error: 'NotEnoughResources' }])
    expect((await service.report(body)).status).toBe(200)
    accounts.release()
    const answers = await Promise.all(waiting)
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401])
    expect((await slow(service)).status).toBe(401)
  })

  it('that leads to a host which never answers is given up', async () => {
    await using service = await openReportService({}, undefined, 20)
    const answer = await slow(service)
    expect([answer.status, await answer.json()]).toMatchObject([504, { error: 'UpstreamTimeout' }])
  })
})

describe('the body of a report', () => {
  it.each<[string, number, string, unknown]>([
    ['is no JSON', 400, 'InvalidRequest', '{'],
    ['lacks a subject', 400, 'InvalidRequest', { reasonType: spam }],
    ['lacks a reason type', 400, 'InvalidRequest', { subject: record }],
    ['has a subject without a type', 400, 'InvalidRequest', { ...body, subject: { did: someDid } }],
    [
      'has a subject that is no DID',
      400,
      'InvalidRequest',
      { ...body, subject: { ...account, did: 'alice.test' } },
    ],
    ['names a record by a handle', 400, 'InvalidRequest', withUri('at://alice.test/app.bsky.feed.post/3k')],
    ['names a whole collection', 400, 'InvalidRequest', withUri(`at://${someDid}/app.bsky.feed.post`)],
    ['names no record', 400, 'InvalidRequest', withUri('https://example.com')],
    ['names no version', 400, 'InvalidRequest', { ...body, subject: { ...record, cid: undefined } }],
    [
      'names a version that is no CID',
      400,
      'InvalidRequest',
      { ...body, subject: { ...record, cid: 'abc' } },
    ],
    [
      'is about a message of a chat',
      400,
      'InvalidRequest',
      {
        ...body,
        subject: { $type: 'chat.bsky.convo.defs#messageRef', did: someDid, convoId: 'a', messageId: 'b' },
      },
    ],
    ['has a reason type that nobody knows', 400, 'InvalidRequest', { ...body, reasonType: `${spam}s` }],
    ['has a reason type of another form', 400, 'InvalidRequest', { ...body, reasonType: 'spam' }],
    ['has more than 2,000 graphemes', 400, 'InvalidRequest', { ...body, reason: 'ä'.repeat(2001) }],
    ['has more than 20,000 bytes', 400, 'InvalidRequest', { ...body, reason: '👨‍👩‍👧‍👦'.repeat(801) }],
    [
      'is nested too deep',
      400,
      'InvalidRequest',
      `{"reasonType":${'['.repeat(40_000)}${']'.repeat(40_000)}}`,
    ],
    [
      'has a program that says too much',
      413,
      'PayloadTooLarge',
      withTool({ name: 'x', meta: { text: 'y'.repeat(4096) } }),
    ],
    ['has a program without a name', 400, 'InvalidRequest', withTool({ meta: {} })],
    ['is too large', 413, 'PayloadTooLarge', { ...body, more: 'x'.repeat(100_000) }],
  ])('is refused when it %s', async (_, status, error, wrong) => {
    await using service = await openReportService()
    const answer = await service.report(wrong)
    expect([answer.status, await answer.json()]).toEqual([status, { error, message: expect.any(String) }])
    expect(await service.database.reviews.list({ states: ['open'], limit: 1 })).toEqual([])
    expect((await service.report(body)).status).toBe(200)
  })

  it('may have 2,000 graphemes and 20,000 bytes', async () => {
    await using service = await openReportService()
    for (const reason of ['ä'.repeat(2000), '👨‍👩‍👧‍👦'.repeat(800)])
      expect((await service.report({ ...body, reason })).status).toBe(200)
  })
})

describe('what a labeler does not take', () => {
  const rude = 'com.atproto.moderation.defs#reasonRude'
  const otherPost = { ...record, uri: `at://${someDid}/app.bsky.feed.generator/x` }
  it.each<[string, Parameters<typeof openReportService>[0], object, object, ReportOutcome]>([
    ['reasons', { reasonTypes: [rude] }, body, { ...body, reasonType: rude }, 'reason-not-taken'],
    ['accounts', { subjectTypes: ['record'] }, { ...body, subject: account }, body, 'subject-not-taken'],
    ['records', { subjectTypes: ['account'] }, body, { ...body, subject: account }, 'subject-not-taken'],
    [
      'collections',
      { subjectCollections: ['app.bsky.feed.post'] },
      { ...body, subject: otherPost },
      body,
      'subject-not-taken',
    ],
  ])('is refused: %s', async (_, scope, refused, taken, outcome) => {
    await using service = await openReportService(scope)
    const answer = await service.report(refused)
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'InvalidRequest' }])
    expect(outcomesOf(service)).toEqual([['misleading', outcome]])
    expect((await service.report(taken)).status).toBe(200)
  })

  it('is everything where its record has an empty list', async () => {
    await using service = await openReportService({ reasonTypes: [] })
    expect((await service.report(body)).status).toBe(400)
  })
})

describe('an appeal', () => {
  const appeal = {
    reasonType: 'com.atproto.moderation.defs#reasonAppeal',
    subject: { ...account, did: reporter },
  }

  it('is taken from the account that it is about, one at a time', async () => {
    await using service = await openReportService({}, { byAccount: 10, bySubject: 1 })
    expect((await service.report({ ...appeal, reason: 'first' })).status).toBe(200)
    expect((await service.report({ ...appeal, reason: 'first' })).status).toBe(200)
    const second = await service.report({ ...appeal, reason: 'second' })
    expect([second.status, await second.json()]).toMatchObject([400, { error: 'AlreadyAppealed' }])
    const other = { reasonType: 'tools.ozone.report.defs#reasonAppeal', subject: appeal.subject }
    expect(await (await service.report(other)).json()).toMatchObject({ error: 'AlreadyAppealed' })
    expect(await service.database.reviews.find(1)).toMatchObject({ reportCount: 1 })
  })

  it('is refused from anybody else', async () => {
    await using service = await openReportService()
    const answer = await service.report({ ...appeal, subject: record })
    expect([answer.status, await answer.json()]).toMatchObject([403, { error: 'Forbidden' }])
    expect(outcomesOf(service)).toEqual([['appeal', 'appeal-of-another']])
  })

  it('gets through though others have used up what is taken about its subject', async () => {
    await using service = await openReportService({}, { byAccount: 10, bySubject: 1 })
    const mine = { ...body, subject: appeal.subject }
    const other = async () => service.token({ claims: { iss: otherReporter } })
    expect((await service.report(mine, await other())).status).toBe(200)
    expect((await service.report({ ...mine, reason: 'again' }, await other())).status).toBe(429)
    expect((await service.report(appeal)).status).toBe(200)
  })
})

describe('the limits of reports', () => {
  const about = (rkey: number): object => ({ ...body, subject: { ...record, uri: `${someUri}${rkey}` } })

  it('hold for each account, tell where it stands, and end with the hour', async () => {
    await using service = await openReportService({}, { byAccount: 2, bySubject: 10 })
    const first = await service.report(about(1))
    expect(rateLimitOf(first)).toEqual(['2', '1', '1767229200', '2;w=3600', null])
    expect(rateLimitOf(await service.report(about(2)))).toEqual(['2', '0', '1767229200', '2;w=3600', null])
    const refused = await service.report(about(3))
    expect([refused.status, await refused.json()]).toMatchObject([429, { error: 'RateLimitExceeded' }])
    expect(rateLimitOf(refused)).toEqual(['2', '0', '1767229200', '2;w=3600', expect.stringMatching(/^\d+$/)])
    const other = await service.token({ claims: { iss: otherReporter } })
    expect((await service.report(about(3), other)).status).toBe(200)
    expect(outcomesOf(service).filter(([, outcome]) => outcome === 'rate-limited')).toEqual([
      [undefined, 'rate-limited'],
    ])
    service.clock.now += 3_600_000
    expect((await service.report(about(3))).status).toBe(200)
  })

  it('hold for each subject, and those refused use up nothing of it', async () => {
    await using service = await openReportService({}, { byAccount: 4, bySubject: 2 })
    const report = async (reason: string, iss: Did = reporter): Promise<number> =>
      (await service.report({ ...body, reason }, await service.token({ claims: { iss } }))).status
    expect([await report('1'), await report('2'), await report('3')]).toEqual([200, 200, 429])
    expect(await report('4', otherReporter)).toBe(429)
    const elsewhere = await service.report(about(1))
    expect([elsewhere.status, elsewhere.headers.get('ratelimit-remaining')]).toEqual([200, '0'])
    expect(outcomesOf(service).filter(([, outcome]) => outcome === 'rate-limited')).toHaveLength(2)
    service.clock.now += 3_600_000
    expect(await report('5')).toBe(200)
  })
})

describe('other ways to ask for it', () => {
  it('are refused', async () => {
    await using service = await openReportService()
    const answer = await fetch(`${service.public.url}/xrpc/${createReport}`)
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'InvalidRequest' }])
    const operator = await fetch(`${service.operator.url}/xrpc/${createReport}`, { method: 'POST' })
    expect(operator.status).toBe(404)
  })
})

function withUri(uri: string): object {
  return { ...body, subject: { ...record, uri } }
}

function withTool(modTool: object): object {
  return { ...body, modTool }
}

function outcomesOf({ counted }: ReportService): unknown[][] {
  return counted
    .filter(([name]) => name === 'reportDone')
    .map(([, value]) => {
      const { reason, outcome } = value as { readonly reason: unknown; readonly outcome: unknown }
      return [reason, outcome]
    })
}

function rateLimitOf({ headers }: Response): (string | null)[] {
  const names = ['limit', 'remaining', 'reset', 'policy'].map((name) => `ratelimit-${name}`)
  return [...names, 'retry-after'].map((name) => headers.get(name))
}
