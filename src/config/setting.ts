import { isBankName } from '../model/bank.ts'
import { blueskyLimits, type EmissionLimits, type EmissionWindow } from '../model/emission.ts'
import { type Did, parseDid } from '../model/ids.ts'
import { type BankLabel, receiverLabels } from '../model/received-blob.ts'

/** What was wrong with one setting: its name, what was expected, what was found (never a secret's value). */
export class SettingProblem extends Error {
  constructor(expected: string, received: string) {
    super(`expected ${expected} but received ${received}`)
  }
}

/** One environment variable: how its text becomes a value, its default, and what people should know of it. */
export type Setting<T> = {
  /** @throws {SettingProblem} when the text is not such a value. */
  readonly parse: (text: string) => T
  readonly default: T
  /** The default as the reference shows it. */
  readonly defaultText: string
  /** Unit, bounds, and what goes wrong at each end. */
  readonly doc: string
  readonly isSecret?: true
}

/** A whole number from `min` to `max` inclusive. */
export function integer(
  fallback: number,
  { min, max, doc }: { min: number; max: number; doc: string },
): Setting<number> {
  return {
    parse(text) {
      const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
      if (value >= min && value <= max) return value
      throw new SettingProblem(`a whole number from ${min} to ${max}`, shown(text))
    },
    default: fallback,
    defaultText: String(fallback),
    doc: `${doc} (${min} to ${max})`,
  }
}

/** Any text that is not empty. */
export function text(fallback: string, doc: string): Setting<string> {
  return { parse: (value) => value, default: fallback, defaultText: fallback, doc }
}

/** Text that may be left out. */
export function optionalText(doc: string): Setting<string | undefined> {
  return { parse: (value) => value, default: undefined, defaultText: '', doc }
}

/** `true` or `false`. */
export function flag(fallback: boolean, doc: string): Setting<boolean> {
  return {
    parse(value) {
      if (value === 'true' || value === 'false') return value === 'true'
      throw new SettingProblem('true or false', shown(value))
    },
    default: fallback,
    defaultText: String(fallback),
    doc,
  }
}

/** One of a closed set of words. */
export function oneOf<const T extends string>(words: readonly T[], fallback: T, doc: string): Setting<T> {
  return {
    parse(value) {
      const word = words.find((candidate) => candidate === value)
      if (word !== undefined) return word
      throw new SettingProblem(`one of ${words.join(', ')}`, shown(value))
    },
    default: fallback,
    defaultText: fallback,
    doc,
  }
}

/** Members of a closed set of words, separated by commas, each at most once. */
export function someOf<const T extends string>(
  words: readonly T[],
  fallback: readonly T[],
  doc: string,
): Setting<readonly T[]> {
  return {
    parse(value) {
      const parts = value.split(',').map((part) => part.trim())
      const known = words.filter((word) => parts.includes(word))
      if (known.length === parts.length) return known
      throw new SettingProblem(`some of ${words.join(', ')}, separated by commas`, shown(value))
    },
    default: fallback,
    defaultText: fallback.join(','),
    doc,
  }
}

/** A DID that may be left out. */
export function optionalDid(doc: string): Setting<ReturnType<typeof parseDid>> {
  return {
    parse(value) {
      const did = parseDid(value)
      if (did !== undefined) return did
      throw new SettingProblem('a DID such as did:plc:… or did:web:…', shown(value))
    },
    default: undefined,
    defaultText: '',
    doc,
  }
}

/** DIDs, separated by commas. */
export function dids(doc: string): Setting<readonly Did[]> {
  const one = optionalDid(doc)
  return {
    parse: (value) => value.split(',').flatMap((part) => one.parse(part.trim()) ?? []),
    default: [],
    defaultText: '',
    doc,
  }
}

/** URLs of the given protocols, separated by commas; each is kept as written. */
export function urls(
  fallback: readonly string[],
  protocols: readonly string[],
  doc: string,
): Setting<readonly string[]> {
  return {
    parse(value) {
      const parts = value.split(',').map((part) => part.trim())
      for (const part of parts) {
        if (!protocols.includes(URL.parse(part)?.protocol ?? '')) {
          throw new SettingProblem(`${protocols.join(' or ')} URLs separated by commas`, shown(part))
        }
      }
      return parts
    },
    default: fallback,
    defaultText: fallback.join(','),
    doc,
  }
}

/** One URL of the given protocols that may be left out. */
export function optionalUrl(protocols: readonly string[], doc: string): Setting<string | undefined> {
  const list = urls([], protocols, doc)
  return { parse: (value) => list.parse(value)[0], default: undefined, defaultText: '', doc }
}

/** Limits of emission: `none`, `bluesky`, or numbers for each second, hour and day, such as `2/s,5000/h`. */
export function emissionLimits(doc: string): Setting<EmissionLimits> {
  return { parse: parseLimits, default: {}, defaultText: 'none', doc }
}

function parseLimits(value: string): EmissionLimits {
  if (value === 'none') return {}
  if (value === 'bluesky') return blueskyLimits
  const windows = { s: 'second', h: 'hour', d: 'day' } as const
  const limits = value.split(',').map((part): [EmissionWindow, number] => {
    const [, count, unit] = /^([1-9]\d{0,6})\/([shd])$/.exec(part.trim()) ?? []
    if (unit === undefined)
      throw new SettingProblem('none, bluesky, or limits such as 5/s,10000/h,100000/d', shown(value))
    return [windows[unit as keyof typeof windows], Number(count)]
  })
  return Object.fromEntries(limits)
}

/** A private key of 32 bytes as 64 hex digits, with `k256:` or `p256:` before it or without; never shown. */
export function secretKey(doc: string): Setting<string | undefined> {
  return {
    parse(value) {
      if (/^(?:[kp]256:)?[0-9a-f]{64}$/i.test(value)) return value.toLowerCase()
      throw new SettingProblem(
        'a private key of 64 hex digits, with p256: before it or without',
        `${value.length} characters that are not`,
      )
    },
    default: undefined,
    defaultText: '',
    doc,
    isSecret: true,
  }
}

/** A token of 16 to 500 visible ASCII characters, never shown. */
export function secretToken(doc: string): Setting<string | undefined> {
  return {
    parse(value) {
      if (/^[!-~]{16,500}$/.test(value)) return value
      throw new SettingProblem(
        '16 to 500 visible ASCII characters',
        `${value.length} characters that are not`,
      )
    },
    default: undefined,
    defaultText: '',
    doc,
    isSecret: true,
  }
}

/** Names of hosts, separated by commas; kept in lower case. */
export function hosts(doc: string): Setting<readonly string[]> {
  return {
    parse(value) {
      const names = value.split(',').map((part) => part.trim().toLowerCase())
      for (const name of names) {
        if (!/^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(name))
          throw new SettingProblem('names of hosts separated by commas', shown(name))
      }
      return names
    },
    default: [],
    defaultText: '',
    doc,
  }
}

/** A URL of the given protocols that holds a password, never shown. */
export function secretUrl(protocols: readonly string[], doc: string): Setting<string | undefined> {
  return {
    parse(value) {
      if (protocols.includes(URL.parse(value)?.protocol ?? '')) return value
      throw new SettingProblem(`a ${protocols.join(' or ')} URL`, `${value.length} characters that are none`)
    },
    default: undefined,
    defaultText: '',
    doc,
    isSecret: true,
  }
}

/** Banks with the label that their matches are told with: `bank=csam`, separated by commas. */
export function bankLabels(doc: string): Setting<readonly BankLabel[]> {
  return {
    parse(value) {
      const list = value.split(',').map((part): BankLabel => {
        const [bank = '', name, ...rest] = part.trim().split('=')
        const label = receiverLabels.find((known) => known === name)
        if (label !== undefined && isBankName(bank) && rest.length === 0) return { bank, label }
        throw new SettingProblem(
          `banks with ${receiverLabels.join(' or ')}, such as my-bank=csam,other=csem`,
          shown(part),
        )
      })
      const twice = list.find(({ bank }, i) => list.findIndex((other) => other.bank === bank) < i)
      if (twice) throw new SettingProblem('each bank once', shown(twice.bank))
      return list
    },
    default: [],
    defaultText: '',
    doc,
  }
}

/** A text as an error may show it: quoted and cut to 60 characters. */
function shown(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 59)}…` : value)
}
