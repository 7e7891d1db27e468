/** `createReport` over a real store and real signatures, with accounts that a test makes up and a clock that it sets. */
import { P256Keypair, Secp256k1Keypair } from '@atproto/crypto'
import type { DidDocument } from '@atproto/identity'
import { createVerifyCaller } from '../../src/atproto/service-auth.ts'
import { createRateLimiter } from '../../src/lib/rate-limit.ts'
import type { Did } from '../../src/model/ids.ts'
import type { ReportScope } from '../../src/model/report-scope.ts'
import { createFileReport } from '../../src/review/file-report.ts'
import type { Database } from '../../src/store/database.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { openTestHttp, type TestHttp } from './http-fixture.ts'

/** The labeler that tokens are for. */
export const labeler = 'did:plc:labelerlabelerlabelerlab' as Did
/** Someone who reports, and whose host signs with a key of the usual kind. */
export const reporter = 'did:plc:reporterreporterreporter' as Did
/** Another one, whose key is of the other kind. */
export const otherReporter = 'did:plc:otherotherotherotherothe' as Did
/** The method that tokens are for. */
export const createReport = 'com.atproto.moderation.createReport'

/** Someone whose document is at a host that takes its time. */
export const slowIssuer = 'did:web:slow.example.com' as Did

type Keypair = Secp256k1Keypair | P256Keypair

/** Accounts with their keys, as a directory would have them. */
export class Accounts {
  readonly #docs = new Map<string, DidDocument>()
  readonly keys: Map<string, Keypair> = new Map()
  /** Every account that was asked for, with `anew` where a fresh document was wanted. */
  readonly asked: string[] = []
  /** True while documents are remembered from their first use until they are wanted anew. */
  isCached = false
  readonly #cached = new Map<string, DidDocument | undefined>()

  /** Gives an account a key under a fragment, in place of an earlier one. */
  async setKey(did: Did, fragment = 'atproto', kind: 'k256' | 'p256' = 'k256'): Promise<Keypair> {
    const key = kind === 'k256' ? await Secp256k1Keypair.create() : await P256Keypair.create()
    this.keys.set(`${did}#${fragment}`, key)
    const methods = this.#docs.get(did)?.verificationMethod ?? []
    const id = `${did}#${fragment}`
    this.#docs.set(did, {
      id: did,
      verificationMethod: [
        ...methods.filter((method) => method.id !== id),
        { id, type: 'Multikey', controller: did, publicKeyMultibase: key.did().slice('did:key:'.length) },
      ],
    })
    return key
  }

  async resolveDoc(did: Did, signal?: AbortSignal): Promise<DidDocument | undefined> {
    if (did === slowIssuer) return await this.#untilReleased(signal)
    this.asked.push(did)
    if (!this.isCached) return this.#docs.get(did)
    if (!this.#cached.has(did)) this.#cached.set(did, this.#docs.get(did))
    return this.#cached.get(did)
  }

  /** How many wait for `slowIssuer`. */
  waiting = 0
  readonly #released = Promise.withResolvers<undefined>()

  /** Lets the host of `slowIssuer` answer that it knows no such account. */
  release(): void {
    this.#released.resolve(undefined)
  }

  async #untilReleased(signal: AbortSignal | undefined): Promise<undefined> {
    this.waiting++
    const aborted = new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error))
    })
    return await Promise.race([this.#released.promise, aborted])
  }

  async refreshDoc(did: Did): Promise<DidDocument | undefined> {
    this.asked.push(`${did} anew`)
    this.#cached.set(did, this.#docs.get(did))
    return this.#docs.get(did)
  }
}

/** What a token says; what is left out is as a PDS would have it. `undefined` leaves a claim out. */
export type TokenParts = {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  /** Signs in place of the issuer's key. */
  readonly key?: Keypair
}

/** The service as a test drives it. */
export type ReportService = TestHttp & {
  readonly database: Database
  readonly accounts: Accounts
  readonly clock: { now: number }
  /** Makes a token of `reporter` for a report, as its host would. */
  token(parts?: TokenParts): Promise<string>
  /** Sends a report, with a token of its own unless told; `body` is JSON text or a value. */
  report(body: unknown, token?: string): Promise<Response>
}

/** Opens the service. Limits are 5 by account and 3 by subject, unless told; `timeoutMs` is for finding a key. */
export async function openReportService(
  scope: ReportScope = {},
  limits = { byAccount: 5, bySubject: 3 },
  timeoutMs = 20_000,
): Promise<ReportService> {
  const database = await openSqlite({ path: ':memory:' })
  const accounts = new Accounts()
  const clock = { now: Date.parse('2026-01-01T00:00:00.500Z') }
  const now = (): number => clock.now
  const limit = (points: number) =>
    createRateLimiter({ points, periodMs: 3_600_000, what: 'reports', maxKeys: 100, now })
  const byAccount = limit(limits.byAccount)
  let counted: TestHttp['counted'] | undefined
  const verifyCaller = createVerifyCaller(
    {
      did: labeler,
      identity: accounts,
      usedTokens: database.tokens,
      admit: (did) => void byAccount.take(did),
      now,
    },
    { maxLifeMs: 300_000, maxSkewMs: 30_000, timeoutMs, maxAtOnce: 4 },
  )
  const fileReport = createFileReport({
    database,
    scope,
    limits: { byAccount, bySubject: limit(limits.bySubject) },
    metrics: { reportDone: (reason, outcome) => void counted?.push(['reportDone', { reason, outcome }]) },
    now: () => new Date(clock.now),
    onReport: () => {},
  })
  const http = await openTestHttp({ verifyCaller, fileReport })
  counted = http.counted
  await accounts.setKey(reporter)
  await accounts.setKey(otherReporter, 'atproto', 'p256')
  const token = (parts: TokenParts = {}): Promise<string> => signToken(accounts, clock.now, parts)
  return {
    ...http,
    database,
    accounts,
    clock,
    token,
    async report(body, given) {
      return await fetch(`${http.public.url}/xrpc/${createReport}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${given ?? (await token())}` },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })
    },
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

let tokens = 0

/** Signs a token by hand, so that it can be wrong in any way. */
async function signToken(accounts: Accounts, now: number, parts: TokenParts): Promise<string> {
  const iat = Math.floor(now / 1000)
  const claims: Record<string, unknown> = {
    iat,
    iss: reporter,
    aud: labeler,
    exp: iat + 60,
    lxm: createReport,
    jti: `token ${++tokens}`,
    ...parts.claims,
  }
  const issuer = String(claims['iss'])
  const key =
    parts.key ??
    accounts.keys.get(
      issuer.includes('#') ? issuer.replace('atproto_labeler', 'atproto_label') : `${issuer}#atproto`,
    )
  const header = { typ: 'JWT', alg: key?.jwtAlg ?? 'ES256K', ...parts.header }
  const signed = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const signature = (await key?.sign(Buffer.from(signed))) ?? new Uint8Array(64)
  return `${signed}.${Buffer.from(signature).toString('base64url')}`
}
