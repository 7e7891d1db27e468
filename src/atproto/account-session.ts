import { AtpAgent, XRPCError } from '@atproto/api'
import { AppError, type ErrorKind } from '../lib/errors.ts'
import { type SafeFetch, withMaxBody } from '../lib/safe-fetch.ts'
import { type Cid, type Did, parseCid, parseDid } from '../model/ids.ts'
import type { PlcService } from './plc-directory.ts'

/** A record as its host has it. */
export type StoredRecord = { readonly cid: Cid; readonly value: Readonly<Record<string, unknown>> }

/** What proves that an account is ours. It is sent to the account's host and kept nowhere. */
export type Credentials = {
  /** Handle, with or without an `@`, or DID. */
  readonly identifier: string
  readonly password: string
  /** The code that the host mailed, for accounts with a second factor. */
  readonly factorToken?: string
}

/** Whole maps that a PLC operation is to have in place of those before it. */
export type PlcMaps = {
  readonly verificationMethods?: Readonly<Record<string, string>>
  readonly services?: Readonly<Record<string, PlcService>>
}

/** The host of accounts. */
export interface AccountHost {
  /** Returns the DID of a handle that the host knows, or undefined. */
  resolveHandle(handle: string): Promise<Did | undefined>
  /** Returns a public record, or undefined when there is none. */
  fetchRecord(did: Did, collection: string, rkey: string): Promise<StoredRecord | undefined>
  /** Signs in. @throws {PdsError} `isFactorMissing` when the host has mailed a code that it wants to see. */
  signIn(credentials: Credentials): Promise<AccountSession>
}

/** An account that is signed in. Disposal ends the session at the host. */
export interface AccountSession extends AsyncDisposable {
  readonly did: Did
  /** Has a token mailed that confirms one PLC operation; it replaces one mailed before. */
  requestPlcToken(): Promise<void>
  /**
   * Returns a PLC operation on top of the account's last one, signed by the host: the given maps replace those there
   * whole, anything else stays. The token is used up. @throws {PdsError} `isTokenWrong`
   */
  signPlcOperation(token: string, maps: PlcMaps): Promise<unknown>
  /** Sends a signed operation to the directory, through the host, which checks it and tells the network. */
  submitPlcOperation(operation: unknown): Promise<void>
  /** Writes a record, if the one that is there has the given CID (undefined: if there is none). */
  putRecord(
    collection: string,
    rkey: string,
    value: StoredRecord['value'],
    previous: Cid | undefined,
  ): Promise<void>
}

/** The host refused a call, or is unwell. The message says which call, and what to do where that is known. */
export class PdsError extends AppError {
  override readonly name = 'PdsError'
  /** The error's name as the host gave it, such as `InvalidRequest`. */
  readonly reason: string
  /** The code for the second factor is missing: the host has mailed it by now. */
  readonly isFactorMissing: boolean
  /** The token for the PLC operation is not the one that was mailed last, or it is too old. */
  readonly isTokenWrong: boolean

  constructor(call: string, { status, error, message }: Pick<XRPCError, 'status' | 'error' | 'message'>) {
    const said = `${error}: ${message}`.replace(/[\p{Cc}\p{Cf}]/gu, ' ').slice(0, 300)
    const advice = adviceOn(call, error, message)
    super(kindOf(status), `The account's host refused ${call}: ${advice ?? said}`, {
      details: { call, status },
    })
    this.reason = error
    this.isFactorMissing = error === 'AuthFactorTokenRequired'
    this.isTokenWrong = call === 'signPlcOperation' && /^(?:Invalid|Expired)Token$/.test(error) && !advice
  }
}

/** What the calls of this file answer at most: a session with its DID document, a record, an operation. */
const maxAnswerBytes = 1_000_000

/** Returns the host at an address such as `https://pds.example.com`; every call ends when the signal is aborted. */
export function createAccountHost(pdsUrl: string, safeFetch: SafeFetch, signal: AbortSignal): AccountHost {
  const bounded = withMaxBody(safeFetch, maxAnswerBytes)
  const newAgent = (): AtpAgent =>
    new AtpAgent({ service: pdsUrl, fetch: (input, init) => bounded(input, { ...init, signal }) })
  const { com } = newAgent()
  return {
    async resolveHandle(handle) {
      const answer = await orUndefined(['InvalidRequest', 'HandleNotFound'], () =>
        ask('resolveHandle', () => com.atproto.identity.resolveHandle({ handle })),
      )
      return parseDid(answer?.data.did)
    },
    async fetchRecord(repo, collection, rkey) {
      const answer = await orUndefined(['RecordNotFound'], () =>
        ask('getRecord', () => com.atproto.repo.getRecord({ repo, collection, rkey })),
      )
      const cid = parseCid(answer?.data.cid)
      return answer && cid && { cid, value: answer.data.value }
    },
    async signIn({ identifier, password, factorToken }) {
      const agent = newAgent()
      const login = {
        identifier: identifier.replace(/^@/, ''),
        password,
        ...(factorToken ? { authFactorToken: factorToken } : {}),
      }
      const { data } = await ask('createSession', () => agent.login(login))
      return createSession(agent, data.did as Did)
    },
  }
}

function createSession(agent: AtpAgent, did: Did): AccountSession {
  const { identity, repo } = agent.com.atproto
  return {
    did,
    async requestPlcToken() {
      await ask('requestPlcOperationSignature', () => identity.requestPlcOperationSignature())
    },
    async signPlcOperation(token, maps) {
      const { data } = await ask('signPlcOperation', () => identity.signPlcOperation({ token, ...maps }))
      return data.operation
    },
    async submitPlcOperation(operation) {
      const input = { operation: operation as Record<string, unknown> }
      await ask('submitPlcOperation', () => identity.submitPlcOperation(input))
    },
    async putRecord(collection, rkey, record, previous) {
      const swapRecord = previous ?? null
      await ask('putRecord', () => repo.putRecord({ repo: did, collection, rkey, record, swapRecord }))
    },
    [Symbol.asyncDispose]: () => agent.logout(),
  }
}

/** Runs a call and translates what the library throws. Its errors carry headers and no request, so no credentials. */
async function ask<Answer>(call: string, run: () => Promise<Answer>): Promise<Answer> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof XRPCError)) throw error
    // A failure to reach the host, or a refusal to ask it, is told in the words of `safe-fetch.ts`.
    if (error.cause instanceof AppError) throw error.cause
    throw new PdsError(call, error)
  }
}

async function orUndefined<T>(names: readonly string[], run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof PdsError && names.includes(error.reason)) return undefined
    throw error
  }
}

function kindOf(status: number): ErrorKind {
  if (status === 401) return 'unauthenticated'
  if (status === 403) return 'forbidden'
  if (status === 429) return 'rate-limited'
  return status >= 400 && status < 500 ? 'invalid' : 'upstream'
}

function adviceOn(call: string, error: string, message: string): string | undefined {
  if (message === 'Bad token scope')
    return "expected the account's main password but received an app password, which may not change a DID document"
  if (error === 'AuthFactorTokenRequired') return 'expected the code that it has mailed just now'
  if (call === 'createSession' && error === 'AuthenticationRequired')
    return 'expected the account and its password but received a pair that it does not know'
  if (call === 'putRecord' && error === 'InvalidSwap')
    return 'the record was changed by somebody else meanwhile; look again'
  return undefined
}
