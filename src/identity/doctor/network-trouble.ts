import { RefusedAddressError, TooManyRedirectsError } from '../../lib/safe-fetch.ts'

/** What went wrong on the way to a host, and what to do about it. */
export type NetworkTrouble = { readonly says: string; readonly fix: string }

/** By the system's, OpenSSL's or Node's error code. `host` completes the sentence. */
const troubles: Readonly<Record<string, NetworkTrouble>> = {
  ENOTFOUND: { says: 'its name does not resolve', fix: 'Add a DNS record (A or AAAA) for the host' },
  EAI_AGAIN: {
    says: 'its name could not be looked up now',
    fix: 'Look at the name servers of the host, and at those of this machine',
  },
  ECONNREFUSED: { says: 'nothing listens there', fix: 'Start the service or the proxy, and open its port' },
  ECONNRESET: {
    says: 'the connection was cut',
    fix: 'Look at the proxy and the firewall in front of the service',
  },
  EHOSTUNREACH: { says: 'there is no route to it', fix: 'Look at the address that the name resolves to' },
  ENETUNREACH: {
    says: 'there is no route to it',
    fix: 'Look at the address that the name resolves to, and whether this machine has IPv6',
  },
  CERT_HAS_EXPIRED: { says: 'its TLS certificate has expired', fix: 'Renew the certificate' },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    says: 'its TLS certificate is self-signed',
    fix: 'Use a certificate of a public authority, such as Let’s Encrypt',
  },
  SELF_SIGNED_CERT_IN_CHAIN: {
    says: 'its TLS certificate is of an authority that nobody knows',
    fix: 'Use a certificate of a public authority, such as Let’s Encrypt',
  },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    says: 'its TLS certificate comes without the chain to a known authority',
    fix: 'Serve the full chain (fullchain.pem), not the certificate alone',
  },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    says: 'its TLS certificate comes without the chain to a known authority',
    fix: 'Serve the full chain (fullchain.pem), not the certificate alone',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    says: 'its TLS certificate is for another name',
    fix: 'Get a certificate for this very host name',
  },
  EPROTO: { says: 'it does not speak TLS there', fix: 'Let the proxy speak https on this port' },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    says: 'it does not speak TLS there',
    fix: 'Let the proxy speak https on this port',
  },
}

/** Returns what an error of a fetch or of a WebSocket means. `name` is what was asked, such as `https://host`. */
export function explainTrouble(error: unknown, name: string): NetworkTrouble {
  if (error instanceof RefusedAddressError || isRefusedName(error)) {
    return {
      says: `${name} is not a public https address, so nobody else can reach it`,
      fix: 'Use a public host name with https; for development, name the origin in HARRIER_ALLOW_PRIVATE_ORIGINS',
    }
  }
  if (error instanceof TooManyRedirectsError)
    return { says: `${name} redirects without end`, fix: 'Let the address answer by itself' }
  if (error instanceof Error && error.message.endsWith('too large')) {
    const fix = 'Look at what answers there: it is not what a labeler sends'
    return { says: `${name} answers with more than is read of it`, fix }
  }
  const codes = codesOf(error)
  const known = codes.flatMap((code) => troubles[code] ?? [])[0]
  if (known) return { says: `${name} cannot be reached: ${known.says}`, fix: known.fix }
  if (isTimeout(error, codes)) {
    return {
      says: `${name} did not answer in time`,
      fix: 'Look whether the service hangs, and whether a firewall drops what comes from outside',
    }
  }
  const [code] = codes
  return {
    says: `${name} cannot be reached${code === undefined ? '' : ` (${code})`}`,
    fix: 'Try the same with curl from another network; look at the DNS record, the proxy and the firewall',
  }
}

/** The error codes along the chain of causes, outermost first; ten deep at most. */
function codesOf(error: unknown): string[] {
  const codes: string[] = []
  let next = error
  for (let depth = 0; next instanceof Error && depth < 10; depth++) {
    const { code } = next as NodeJS.ErrnoException
    if (typeof code === 'string') codes.push(code)
    next = next instanceof AggregateError ? (next.errors as unknown[])[0] : next.cause
  }
  return codes
}

function isTimeout(error: unknown, codes: readonly string[]): boolean {
  const { kind, message = '' } = error as { readonly kind?: string; readonly message?: string }
  return kind === 'timeout' || codes.includes('ETIMEDOUT') || /handshake has timed out/.test(message)
}

/** What the guard of name resolution says inside a WebSocket's error. */
function isRefusedName(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Hostname ')
}
