/** Parts of the API that an installation serves, as Hasher-Matcher-Actioner's roles: `/h`, `/m` and `/c`; its pages; and `/dev`. */
export type HmaRole = 'hasher' | 'matcher' | 'curator' | 'ui' | 'dev'

/** What the operator decides about the API. */
export type HmaOptions = {
  readonly roles: readonly HmaRole[]
  /** Milliseconds that matching may be behind the banks and still be told as up to date; 0 or less: for ever. */
  readonly indexStaleMs: number
}

/** First parts of the paths that a role serves. */
const pathsOfRole: Readonly<Record<string, HmaRole>> = {
  h: 'hasher',
  m: 'matcher',
  c: 'curator',
  ui: 'ui',
  dev: 'dev',
}

/** True where a path belongs to no role, or to one that is served. */
export function isServed(path: string, { roles }: Pick<HmaOptions, 'roles'>): boolean {
  const role = pathsOfRole[path.split('/', 2)[1] ?? '']
  return role === undefined || roles.includes(role)
}
