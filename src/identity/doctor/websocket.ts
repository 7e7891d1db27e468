import type { Check, Outcome } from './check.ts'
import { explainTrouble } from './network-trouble.ts'
import { readStream, type StreamEnd } from './read-stream.ts'

const toPassOn =
  'Let the proxy pass WebSockets on: nginx needs proxy_http_version 1.1, proxy_set_header Upgrade $http_upgrade and proxy_set_header Connection "upgrade"; Caddy and Cloudflare tunnels do it by themselves, other proxies have a switch'

/** A WebSocket reaches the stream, and bytes come through it both ways. */
export const webSocketCheck: Check<'endpoint' | 'endpointClock'> = {
  name: 'websocket',
  needs: ['endpoint', 'endpointClock'],
  gives: ['upgrade'],
  async run({ endpoint }, deps, signal) {
    const { end } = await readStream(
      endpoint,
      { cursor: undefined, maxLabels: 1, isPingOnly: true },
      deps,
      signal,
    )
    return outcomeOf(end, endpoint)
  },
}

function outcomeOf(end: StreamEnd, { protocol, host }: URL): Outcome {
  const name = `${protocol === 'http:' ? 'ws' : 'wss'}://${host}`
  switch (end.kind) {
    case 'quiet':
    case 'enough':
      return { status: 'ok', says: `${name} upgrades, and answers a ping`, learned: { upgrade: true } }
    case 'no-upgrade':
      return lostUpgrade(end.status, name)
    case 'silent':
      return {
        status: 'fail',
        says: `${name} upgrades, but then nothing comes through: something on the way accepts WebSockets and does not carry them`,
        fix: toPassOn,
      }
    case 'error-frame':
      return {
        status: 'fail',
        says: `${name} upgrades and at once sends the error ${end.error}, without a cursor to complain of`,
        fix: 'Look at the log of the labeler',
      }
    case 'closed':
      return {
        status: 'fail',
        says: `${name} upgrades and closes at once (${end.code})`,
        fix: `Look at the log of the labeler, and at the time-outs of the proxy. ${toPassOn}`,
      }
    case 'failed':
    default:
      return { status: 'fail', ...failureOf(end.error, name) }
  }
}

/**
 * The upgrade was answered as plain HTTP although https works: the headers of the upgrade got lost on the way. 426 is what
 * Harrier itself answers then; other labelers and proxies answer 200, 400 or 404.
 */
function lostUpgrade(status: number, name: string): Outcome {
  if (status >= 300 && status < 400) {
    return {
      status: 'fail',
      says: `the WebSocket upgrade to ${name} is redirected (${status}), and clients do not follow`,
      fix: 'Serve the stream under the endpoint itself, over TLS, without a redirect',
    }
  }
  if (status === 503) {
    return {
      status: 'fail',
      says: `${name} takes no more subscribers (503)`,
      fix: 'Raise HARRIER_MAX_SUBSCRIBERS, or look who holds the connections (harrier doctor shows them for your own labeler)',
    }
  }
  if (status === 401 || status === 403 || status === 429) {
    return {
      status: 'fail',
      says: `something in front of ${name} refuses the WebSocket (${status})`,
      fix: 'Let /xrpc/com.atproto.label.subscribeLabels through without a challenge, a login or a rate limit',
    }
  }
  return {
    status: 'fail',
    says: `the WebSocket upgrade to ${name} is lost in a proxy: it was answered ${status} as a plain request, while https works`,
    fix: toPassOn,
  }
}

/** `ws` reports a peer that hangs up during the upgrade, or answers it wrongly, by its message alone. */
function failureOf(error: unknown, name: string) {
  const message = error instanceof Error ? error.message : ''
  if (/socket hang up|Invalid Sec-WebSocket-Accept|Invalid Upgrade header|Parse Error/.test(message)) {
    return {
      says: `the WebSocket upgrade to ${name} is broken by a proxy: the connection is cut or answered wrongly, while https works`,
      fix: toPassOn,
    }
  }
  return explainTrouble(error, name)
}
