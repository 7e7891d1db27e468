import type { IncomingMessage } from 'node:http'
import ipaddr from 'ipaddr.js'
import type { AddressClass } from '../model/subscription.ts'

/**
 * Returns the class of the address that a request comes from. When that is not a public one, most likely a proxy of ours
 * passes the request on, and the last address in `X-Forwarded-For` is the one that the proxy saw. It is for people to read,
 * and decides nothing: a peer could write that header too.
 */
export function addressClassOf({
  socket,
  headers,
}: Pick<IncomingMessage, 'socket' | 'headers'>): AddressClass {
  const peer = classOf(socket.remoteAddress ?? '')
  const forwarded =
    String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .at(-1)
      ?.trim() ?? ''
  return peer !== 'public' && ipaddr.isValid(forwarded) ? classOf(forwarded) : peer
}

/** What is neither ours nor reachable by everybody counts as private: link-local, reserved, multicast. */
function classOf(address: string): AddressClass {
  if (!ipaddr.isValid(address)) return 'private'
  const range = ipaddr.process(address).range()
  if (range === 'unicast') return 'public'
  return range === 'loopback' ? 'loopback' : 'private'
}
