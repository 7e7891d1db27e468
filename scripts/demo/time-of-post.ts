const digits = '234567abcdefghijklmnopqrstuvwxyz'

/**
 * Returns when a record was created, in epoch milliseconds with fractions, from its key: PDSs make keys of the time
 * (TID, https://atproto.com/specs/tid), 53 bits of microseconds and 10 bits of clock number, 5 bits a digit.
 */
export function timeOfPost(uri: string): number {
  const tid = uri.split('/').at(-1) ?? ''
  if (!/^[2-7a-j][2-7a-z]{12}$/.test(tid))
    throw new Error(`Expected a record key made of a time but received ${tid}`)
  const value = tid.split('').reduce((sum, digit) => sum * 32n + BigInt(digits.indexOf(digit)), 0n)
  return Number(value >> 10n) / 1000
}
