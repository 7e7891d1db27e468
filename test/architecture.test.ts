import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

/** What a place may import: whole folders or files; `type:` allows `import type` only. */
type Rule = { readonly from: string; readonly may: readonly string[] }

/** Who may import whom (docs/ARCHITECTURE.md). The longest `from` that fits a file is its rule. */
const rules: readonly Rule[] = [
  { from: 'src/lib/', may: [] },
  { from: 'src/model/', may: [] },
  { from: 'src/config/', may: ['src/lib/', 'src/model/'] },
  { from: 'src/atproto/', may: ['src/lib/', 'src/model/'] },
  { from: 'src/store/', may: ['src/lib/', 'src/model/'] },
  { from: 'src/ingest/', may: ['src/lib/', 'src/model/', 'type:src/store/'] },
  { from: 'src/curate/', may: ['src/lib/', 'src/model/', 'type:src/store/'] },
  { from: 'src/audit/', may: ['src/lib/', 'src/model/', 'src/atproto/', 'type:src/store/'] },
  { from: 'src/bank-file/', may: ['src/lib/', 'src/model/', 'type:src/store/'] },
  { from: 'src/exchange/', may: ['src/lib/', 'src/model/', 'type:src/store/'] },
  { from: 'src/scan/', may: ['src/lib/', 'src/model/', 'src/atproto/', 'src/kernels/'] },
  { from: 'src/match/', may: ['src/lib/', 'src/model/', 'type:src/store/', 'src/kernels/'] },
  { from: 'src/act/', may: ['src/lib/', 'src/model/', 'type:src/store/'] },
  {
    from: 'src/replay/',
    may: ['src/lib/', 'src/model/', 'type:src/store/', 'src/act/decide.ts'],
  },
  { from: 'src/review/', may: ['src/lib/', 'src/model/', 'type:src/store/'] },
  { from: 'src/receive/', may: ['src/lib/', 'src/model/', 'type:src/store/'] },
  { from: 'src/targets/', may: ['src/lib/', 'src/model/', 'src/atproto/'] },
  { from: 'src/outbox/', may: ['src/lib/', 'src/model/', 'type:src/store/'] },
  { from: 'src/rescan/', may: ['src/lib/', 'src/model/', 'type:src/store/'] },
  { from: 'src/api/', may: ['src/lib/', 'src/model/', 'type:src/store/'] },
  { from: 'src/publish/', may: ['src/lib/', 'src/model/', 'src/atproto/', 'type:src/store/'] },
  { from: 'src/identity/', may: ['src/lib/', 'src/model/', 'src/atproto/'] },
  { from: 'src/appview/', may: ['src/lib/', 'src/model/', 'src/atproto/'] },
  { from: 'src/gate/', may: ['src/lib/', 'src/model/', 'src/atproto/'] },
  { from: 'src/http/', may: ['src/lib/', 'src/model/', 'src/atproto/', 'src/lexicons/'] },
  { from: 'src/lexicons/', may: [] },
  {
    from: 'src/pipeline.ts',
    may: ['src/lib/', 'src/model/', 'type:src/store/', 'src/scan/', 'src/match/', 'src/act/', 'src/publish/'],
  },
  { from: 'src/worker.ts', may: ['src/lib/', 'src/model/', 'type:src/store/', 'src/pipeline.ts'] },
  { from: 'src/follow-banks.ts', may: ['src/lib/', 'src/match/', 'type:src/store/', 'type:src/world.ts'] },
  { from: 'src/world.ts', may: [] },
  { from: 'src/metrics-gauges.ts', may: ['src/model/'] },
  { from: 'src/metrics.ts', may: ['src/lib/', 'src/model/', 'src/metrics-gauges.ts'] },
  { from: 'src/job-log.ts', may: ['src/lib/', 'src/model/', 'src/metrics.ts', 'src/worker.ts'] },
  {
    from: 'src/app-options.ts',
    may: [
      'src/lib/',
      'src/model/',
      'type:src/config/',
      'type:src/http/',
      'type:src/ingest/',
      'src/version.ts',
    ],
  },
  { from: 'src/keyring.ts', may: ['src/lib/', 'src/model/', 'src/atproto/', 'type:src/store/'] },
  {
    from: 'src/resources.ts',
    may: [
      'src/lib/',
      'src/model/',
      'src/audit/',
      'src/config/',
      'src/atproto/',
      'src/store/',
      'type:src/scan/',
      'src/keyring.ts',
      'src/world.ts',
    ],
  },
  { from: 'src/version.ts', may: ['package.json'] },
  { from: 'src/app.ts', may: ['src/'] },
  { from: 'src/app-acting.ts', may: ['src/'] },
  { from: 'src/tools-acting.ts', may: ['src/'] },
  { from: 'src/tools-banks.ts', may: ['src/'] },
  { from: 'src/app-apis.ts', may: ['src/'] },
  { from: 'src/app-gauges.ts', may: ['src/'] },
  { from: 'src/app-outbox.ts', may: ['src/'] },
  { from: 'src/app-targets.ts', may: ['src/'] },
  { from: 'src/app-reports.ts', may: ['src/'] },
  { from: 'src/app-reviews.ts', may: ['src/'] },
  { from: 'src/app-exchanges.ts', may: ['src/'] },
  { from: 'src/hma-services.ts', may: ['src/'] },
  { from: 'src/harrier-services.ts', may: ['src/'] },
  { from: 'src/tools.ts', may: ['src/'] },
  { from: 'src/upload-gate.ts', may: ['src/'] },
  { from: 'src/gate-process.ts', may: ['src/'] },
  {
    from: 'src/appview-sync.ts',
    may: [
      'src/appview/',
      'src/atproto/',
      'src/lib/',
      'src/model/',
      'src/world.ts',
      'type:src/config/',
      'src/http/listener.ts',
      'package.json',
    ],
  },
  {
    from: 'src/account-network.ts',
    may: ['src/lib/', 'src/config/', 'src/atproto/', 'src/world.ts', 'package.json'],
  },
  { from: 'src/policy-desk.ts', may: ['src/'] },
  { from: 'src/setup.ts', may: ['src/'] },
  { from: 'src/owner-update.ts', may: ['src/'] },
  { from: 'src/open-doctor.ts', may: ['src/', 'package.json'] },
  { from: 'src/open-rescans.ts', may: ['src/'] },
  { from: 'src/serve.ts', may: ['src/app.ts', 'src/config/', 'src/lib/'] },
  { from: 'src/main.ts', may: ['src/serve.ts'] },
  {
    from: 'scripts/',
    may: [
      'package.json',
      'src/app.ts',
      'src/open-doctor.ts',
      'src/open-rescans.ts',
      'src/owner-update.ts',
      'src/policy-desk.ts',
      'src/serve.ts',
      'src/setup.ts',
      'src/tools.ts',
      'src/appview-sync.ts',
      'src/gate-process.ts',
      'src/config/',
      'src/identity/',
      'src/lib/',
      'src/model/',
    ],
  },
  {
    from: 'scripts/demo/',
    may: ['src/app.ts', 'src/setup.ts', 'src/config/', 'src/lib/', 'src/model/', 'scripts/', 'test/support/'],
  },
  { from: 'scripts/bench/', may: ['src/', 'scripts/', 'test/support/', 'package.json'] },
]

/** Third parties that are confined, each with the only places that may import them. */
const confined: Readonly<Record<string, readonly string[]>> = {
  sharp: ['src/scan/decode-image.ts', 'src/scan/decode-cmyk.ts'],
  'better-sqlite3': ['src/store/sqlite.ts'],
  '@atproto/api': ['src/atproto/account-session.ts'],
  '@atproto/crypto': ['src/atproto/'],
  secp256k1: ['src/atproto/signers.ts'],
  'tiny-secp256k1': ['src/atproto/signers.ts'],
  '@atproto/identity': ['src/atproto/'],
  '@atproto-labs/fetch-node': ['src/lib/safe-fetch.ts', 'src/lib/safe-websocket.ts'],
  '@skyware/jetstream': ['src/ingest/'],
  '@fastify/busboy': ['src/http/'],
  express: ['src/http/'],
  '@atproto/xrpc-server': ['src/http/', 'src/atproto/service-auth.ts', 'src/atproto/sign-service-token.ts'],
  ws: ['src/http/', 'src/ingest/', 'src/lib/safe-websocket.ts'],
  'prom-client': [
    'src/metrics.ts',
    'src/metrics-gauges.ts',
    'src/appview/sync-metrics.ts',
    'src/gate/gate-metrics.ts',
  ],
  pg: ['src/appview/postgres.ts'],
  'ipaddr.js': ['src/http/'],
  yaml: ['src/config/policy-document.ts'],
}

type Import = { readonly file: string; readonly specifier: string; readonly isType: boolean }

describe('the import table', () => {
  const imports = globSync(['src/**/*.ts', 'scripts/**/*.ts'])
    .filter(isOurs)
    .flatMap((file) => importsOf(file, readFileSync(file, 'utf8')))

  it('is kept by every file', () => {
    expect(imports.length).toBeGreaterThan(200)
    expect(imports.flatMap(faultOf)).toEqual([])
  })

  it('reports a planted import of every forbidden sort', () => {
    const planted = [
      importsOf('src/scan/planted.ts', "import { createLabelStore } from '../store/label-store.ts'"),
      importsOf('src/scan/planted.ts', "import type { LabelStore } from '../store/label-store.ts'"),
      importsOf('src/gate/planted.ts', "import type { Database } from '../store/database.ts'"),
      importsOf('src/act/planted.ts', "import { openSqlite } from '../store/sqlite.ts'"),
      importsOf('src/lib/planted.ts', "import { parseDid } from '../model/ids.ts'"),
      importsOf('src/http/planted.ts', "const tail = await import('../publish/label-tail.ts')"),
      importsOf('src/match/planted.ts', "export { x } from '../act/decide.ts'"),
      importsOf('src/scan/planted.ts', "import sharp from 'sharp'"),
      importsOf('src/planted.ts', "import { readEnv } from './config/env.ts'"),
    ]
    for (const found of planted) expect(found.flatMap(faultOf)).toHaveLength(1)
    expect(
      importsOf('src/act/fine.ts', "import type { Stores } from '../store/database.ts'").flatMap(faultOf),
    ).toEqual([])
  })

  it('keeps the environment, the console and fetch in their places', () => {
    const uses = globSync('src/**/*.ts')
      .filter(isOurs)
      .flatMap((file) => usesOf(file, readFileSync(file, 'utf8')))
    expect(uses.filter(({ isAllowed }) => !isAllowed)).toEqual([])
    expect(uses.length).toBeGreaterThan(0)
    expect(usesOf('src/act/planted.ts', 'console.log(process.env.X)')).toHaveLength(2)
  })
})

/** The kernels are another language, and import nothing of ours. */
function isOurs(file: string): boolean {
  return !file.endsWith('.test.ts') && !file.startsWith('src/kernels/')
}

function importsOf(file: string, text: string): Import[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^'"\n;]*?(?:\{[^}]*\}\s*)?(?:from\s*)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/g
  return [...text.matchAll(pattern)].map(([, type, fixed, dynamic]) => ({
    file,
    specifier: (fixed ?? dynamic) as string,
    isType: type !== undefined,
  }))
}

function faultOf({ file, specifier, isType }: Import): string[] {
  if (!specifier.startsWith('.')) return confinementFault(file, specifier)
  const target = normalize(join(dirname(file), specifier))
  const rule = rules
    .filter(({ from }) => file.startsWith(from))
    .sort((a, b) => b.from.length - a.from.length)[0]
  if (!rule) return [`${file} has no row in the table`]
  const own = rule.from.endsWith('/') ? rule.from : file
  const isAllowed = [own, ...rule.may].some((may) =>
    may.startsWith('type:') ? isType && target.startsWith(may.slice('type:'.length)) : target.startsWith(may),
  )
  return isAllowed ? [] : [`${file} imports ${isType ? 'types of ' : ''}${relative('.', target)}`]
}

function confinementFault(file: string, specifier: string): string[] {
  if (!file.startsWith('src/')) return []
  const places = Object.entries(confined).find(
    ([name]) => specifier === name || specifier.startsWith(`${name}/`),
  )?.[1]
  return !places || places.some((place) => file.startsWith(place)) ? [] : [`${file} imports ${specifier}`]
}

function usesOf(file: string, text: string): { file: string; what: string; isAllowed: boolean }[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
  const places: [string, RegExp, readonly string[]][] = [
    ['process.env', /process\.env\b/, ['src/config/env.ts']],
    ['console', /\bconsole\./, []],
    ['fetch', /globalThis\.fetch|(?<![.\w])fetch\(/, ['src/lib/safe-fetch.ts', 'src/world.ts']],
  ]
  return places
    .filter(([, pattern]) => pattern.test(code))
    .map(([what, , allowed]) => ({ file, what, isAllowed: allowed.includes(file) }))
}
