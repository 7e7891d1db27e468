import type { IncomingMessage, OutgoingMessage } from 'node:http'

/** Fields that are about one connection and not about the message (RFC 9110, 7.6.1), and those that go with them. */
const hopByHop: readonly string[] = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** Returns the fields of a message that are for its last reader, as they came: name, value, name, value. */
export function endToEndHeaders({ rawHeaders, headers }: IncomingMessage): string[] {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase())
  const dropped = new Set([...hopByHop, ...named])
  return rawHeaders.flatMap((name, at) =>
    at % 2 === 0 && !dropped.has(name.toLowerCase()) ? [name, rawHeaders[at + 1] ?? ''] : [],
  )
}

/**
 * Gives a request its fields: those of the caller as they came, a line each, and what a proxy adds, `Via` and the caller's
 * address behind those that are in `X-Forwarded-For` already.
 */
export function copyHeaders(from: IncomingMessage, to: OutgoingMessage): void {
  const fields = endToEndHeaders(from)
  const byName = new Map<string, { readonly name: string; readonly values: string[] }>()
  for (let at = 0; at < fields.length; at += 2) {
    const [name, value] = [fields[at] as string, fields[at + 1] as string]
    const known = byName.get(name.toLowerCase())
    if (known) known.values.push(value)
    else byName.set(name.toLowerCase(), { name, values: [value] })
  }
  for (const { name, values } of byName.values())
    to.setHeader(name, values.length === 1 ? (values[0] as string) : values)
  const peer = from.socket.remoteAddress?.replace(/^::ffff:/, '')
  addTo(to, byName.get('x-forwarded-for')?.values, 'X-Forwarded-For', peer ?? 'unknown')
  addTo(to, byName.get('via')?.values, 'Via', '1.1 harrier-gate')
  if (isChunked(from)) to.setHeader('Transfer-Encoding', 'chunked')
}

/** Tells whether a request has a body, by its framing. */
export function hasBody(request: IncomingMessage): boolean {
  return isChunked(request) || Number(request.headers['content-length'] ?? 0) > 0
}

function isChunked({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined
}

function addTo(to: OutgoingMessage, values: readonly string[] | undefined, name: string, more: string): void {
  to.setHeader(name, [...(values ?? []), more].join(', '))
}
