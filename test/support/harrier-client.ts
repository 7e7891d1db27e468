/** Callers of `tools.harrier.*`, which share the lexicons with the service and nothing else. */
import { globSync, readFileSync } from 'node:fs'
import { type Agent, Client, XrpcResponseError } from '@atproto/lex'

/** Returns a typed client of a service that sends a key, or a token between services; without one, nothing. */
export function openClient(url: string, credential: string | undefined): Client {
  return new Client(openAgent(url, credential))
}

/** Returns what the client sends requests with, for requests that no client would send. */
export function openAgent(url: string, credential: string | undefined): Agent {
  return {
    fetchHandler(path, init) {
      const headers = new Headers(init.headers)
      if (credential !== undefined) headers.set('authorization', `Bearer ${credential}`)
      return fetch(new URL(path, url), { ...init, headers, signal: AbortSignal.timeout(20_000) })
    },
  }
}

/** Returns how a call is refused: status, error and message. @throws when it is answered. */
export async function refusalOf(
  call: Promise<unknown>,
): Promise<{ readonly status: number; readonly error: string; readonly message: string }> {
  try {
    await call
  } catch (error) {
    if (!(error instanceof XrpcResponseError)) throw error
    return { status: error.status, error: error.error, message: error.message }
  }
  throw new Error('Expected a refusal but the call was answered')
}

/** Returns the error names that the lexicon of each method lists, by the method. */
export function documentedErrors(): ReadonlyMap<string, readonly string[]> {
  const docs = globSync('lexicons/**/*.json').map(
    (file) =>
      JSON.parse(readFileSync(file, 'utf8')) as {
        readonly id: string
        readonly defs: { readonly main?: { readonly errors?: readonly { readonly name: string }[] } }
      },
  )
  const methods = docs.filter(({ defs }) => defs.main)
  return new Map(methods.map(({ id, defs }) => [id, (defs.main?.errors ?? []).map(({ name }) => name)]))
}
