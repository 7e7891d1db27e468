import { hosts, integer, type Setting, someOf } from './setting.ts'

const roles = ['hasher', 'matcher', 'curator', 'ui', 'dev'] as const

/** The settings of the API of Hasher-Matcher-Actioner, none of them secret. */
export type HmaConfig = {
  readonly hmaRoles: readonly (typeof roles)[number][]
  readonly indexStaleMs: number
  readonly mediaHosts: readonly string[]
  readonly exchangeSeconds: number
}

/** Those of `settings` that are about that API. */
export const hmaSettings: { readonly [Name in keyof HmaConfig]: Setting<HmaConfig[Name]> } = {
  hmaRoles: someOf(
    roles,
    ['hasher', 'matcher', 'curator', 'ui'],
    'What the operator listener serves of the API of Hasher-Matcher-Actioner, separated by commas: hasher (/h), matcher (/m), curator (/c), ui (pages, /ui), dev (making the sample exchange and fetching at once, /dev)',
  ),
  indexStaleMs: integer(65_000, {
    min: -1,
    max: 86_400_000,
    doc: 'Milliseconds that matching may be behind the banks before /status answers 503 INDEX-STALE; 0 or less: never',
  }),
  mediaHosts: hosts(
    'Hosts, separated by commas, that media may be fetched from by URL, with those below them; without it any that is public',
  ),
  exchangeSeconds: integer(240, {
    min: 1,
    max: 86_400,
    doc: 'Seconds between two fetches of the exchanges that banks are filled from',
  }),
}
