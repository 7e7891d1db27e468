import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { addressClassOf } from './address-class.ts'

describe('addressClassOf', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['10.1.2.3', 'private'],
    ['172.17.0.1', 'private'],
    ['::ffff:192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['169.254.1.1', 'private'],
    ['fd00::1', 'private'],
    ['fe80::1', 'private'],
    ['8.8.8.8', 'public'],
    ['::ffff:8.8.8.8', 'public'],
    ['2606:4700::1111', 'public'],
  ])('of %s is %s', (address, expected) => {
    expect(addressClassOf(requestFrom(address))).toBe(expected)
  })

  it('is that of the last forwarded address when a proxy of ours passes the request on', () => {
    expect(addressClassOf(requestFrom('127.0.0.1', '10.0.0.1, 8.8.8.8'))).toBe('public')
    expect(addressClassOf(requestFrom('10.0.0.1', '8.8.8.8, 192.168.0.1'))).toBe('private')
    expect(addressClassOf(requestFrom('127.0.0.1', 'unknown'))).toBe('loopback')
    expect(addressClassOf(requestFrom('8.8.8.8', '127.0.0.1'))).toBe('public')
  })

  it('is private when the peer has gone before it could be asked', () => {
    expect(addressClassOf(requestFrom(undefined))).toBe('private')
  })
})

function requestFrom(remoteAddress: string | undefined, forwarded?: string) {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage
}
