import { withMaxBody } from '../../lib/safe-fetch.ts'
import { type Did, parseDid } from '../../model/ids.ts'
import type { DoctorDeps } from './check.ts'
import { fetchAnswer, fieldOf } from './fetch-answer.ts'

/** What a handle resolves to. */
export type HandleAnswer = {
  /** The DID; undefined when neither way gives one, or both give different ones. */
  readonly did: Did | undefined
  /** How it was found, or what each way said. */
  readonly says: string
}

/** The longest answer of `/.well-known/atproto-did` that is read, in bytes. */
const maxDidBytes = 4_096

/**
 * Resolves a handle both ways that the specification has, and tells when they disagree: the TXT record
 * `_atproto.<handle>`, and `https://<handle>/.well-known/atproto-did`. A name under `.test`, which no name server has, is
 * asked of the development servers that the settings allow.
 */
export async function resolveHandle(
  handle: string,
  deps: DoctorDeps,
  signal: AbortSignal,
): Promise<HandleAnswer> {
  if (handle.toLowerCase().endsWith('.test')) return resolveTestHandle(handle, deps, signal)
  const [dns, https] = await Promise.all([resolveByDns(handle, deps), resolveByHttps(handle, deps, signal)])
  if (Array.isArray(dns)) return { did: undefined, says: `DNS names ${dns.length} DIDs, and one is expected` }
  if (dns && https && dns !== https)
    return { did: undefined, says: `DNS says ${dns}, and its web server says ${https}` }
  if (dns) return { did: dns, says: https ? 'by DNS and https' : 'by DNS' }
  if (https) return { did: https, says: 'by https' }
  return { did: undefined, says: 'neither DNS nor its web server names one' }
}

async function resolveByDns(handle: string, { resolveTxt }: DoctorDeps): Promise<Did | Did[] | undefined> {
  const records = await resolveTxt(`_atproto.${handle}`).catch(() => [])
  const dids = records.flatMap((parts) => parseDid(/^did=(.*)$/s.exec(parts.join(''))?.[1]) ?? [])
  return dids.length > 1 ? dids : dids[0]
}

async function resolveByHttps(
  handle: string,
  { fetch }: DoctorDeps,
  signal: AbortSignal,
): Promise<Did | undefined> {
  try {
    const url = new URL('/.well-known/atproto-did', `https://${handle}`)
    const response = await withMaxBody(fetch, maxDidBytes)(url, { signal })
    const text = await response.text()
    return response.ok ? parseDid(text.trim()) : undefined
  } catch {
    // No web server, or none that answers: that is what the other way is for.
    signal.throwIfAborted()
    return undefined
  }
}

async function resolveTestHandle(
  handle: string,
  deps: DoctorDeps,
  signal: AbortSignal,
): Promise<HandleAnswer> {
  for (const origin of deps.allowedPrivateOrigins) {
    const url = new URL('/xrpc/com.atproto.identity.resolveHandle', origin)
    url.searchParams.set('handle', handle)
    const answer = await fetchAnswer(url, deps, signal)
    const did = answer.kind === 'answered' ? parseDid(fieldOf(answer.json, 'did')) : undefined
    if (did) return { did, says: `by ${origin}` }
  }
  return { did: undefined, says: 'no server in HARRIER_ALLOW_PRIVATE_ORIGINS knows it' }
}
