/**
 * docs/INTEGRATION.md, run as it is printed: only addresses are others. Each `sh`, `python` and `js` block of a page is run in
 * the order of the page, in one shell, against the parts that the page is about, and its answer compared with the block
 * behind it. A block that nobody runs is a failure: a new page needs a line in `pages`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConfig } from '../src/config/config.ts'
import { parsePolicy } from '../src/config/policy.ts'
import { expectPrinted } from './support/expect-printed.ts'
import { type FencedBlock, fencedBlocks } from './support/fenced-blocks.ts'
import { freePort } from './support/free-port.ts'
import { hasPython } from './support/has-python.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { openNetwork } from './support/network.ts'
import { PageShell } from './support/page-shell.ts'
import { openRestService } from './support/rest-client.ts'
import { createServiceFolder } from './support/service.ts'

const text = readFileSync(join(import.meta.dirname, '../docs/INTEGRATION.md'), 'utf8')
const blocks = fencedBlocks(text)
const canRunPython = hasPython()

/** What is run, and what only tells; blocks in any other language fail. */
const commandLanguages = ['sh', 'python', 'js']
const answerLanguages = ['json', 'text']
/** Settings and policies are checked below, those of web servers in `gate-proxies.test.ts`; `http` shows a message that commands get too. */
const otherLanguages = ['dotenv', 'yaml', 'nginx', 'caddy', 'http']

/** The ports that pages name, each with the setting of it. */
const defaultPorts = {
  3000: 'HARRIER_PUBLIC_PORT',
  3001: 'HARRIER_OPERATOR_PORT',
  3003: 'HARRIER_GATE_PORT',
  3004: 'HARRIER_GATE_METRICS_PORT',
}

type Env = Readonly<Record<string, string>>
/** Opens what a page's commands are for, on ports, and returns the settings under which they run. */
type OpenPage = (
  stack: AsyncDisposableStack,
  ports: Env,
  section: string,
) => Promise<{ readonly folder: string; readonly env: Env }>

/** A service with the settings of the page's tables; a picture of its bank is in the folder. */
const openService: OpenPage = async (stack, ports, section) => {
  const known = await drawLandscape(1, { width: 480, height: 320 })
  const { folder } = stack.use(await openRestService(known, { ...ports, ...settingsOf(section) }))
  writeFileSync(join(folder.path, 'picture.jpg'), await recompress(known, 80))
  return { folder: folder.path, env: folder.env as Env }
}

/** A PDS with a record that shows a picture; what the page starts is beside it. */
const openHost: OpenPage = async (stack, ports) => {
  const network = stack.use(await openNetwork())
  const account = await network.createAccount('carol.test')
  const { uri, cid, blobCids } = await network.post(account, 'shown', [await drawLandscape(1)])
  const { path } = stack.use(createServiceFolder(network))
  const [blob = ''] = blobCids
  const subject = { URI: uri, CID: cid, DID: account.did, BLOB: blob }
  const host = { PDS: network.pdsUrl, PDS_ADMIN_PASSWORD: network.pdsAdminPassword }
  return { folder: path, env: { TMPDIR: path, ...ports, ...host, ...subject } }
}

/** What must be running for the commands of each page. */
const pages: Readonly<Record<string, OpenPage>> = {
  "hepa (Bluesky's automod)": openService,
  Ozone: openService,
  "Eurosky's hepa": openService,
  'An AppView': openService,
  Coop: openService,
  'An app of your own': openService,
  'Webhooks that Harrier takes': openService,
  'Webhooks that Harrier sends': openService,
  'Stopping everything': openService,
  'The upload gate before a PDS': openHost,
}

/** What commands that stay print once they are ready. */
const readyTexts: readonly (readonly [command: RegExp, ready: RegExp])[] = [
  [/npm run demo/, /Everything keeps running/],
  [/harrier -- gate/, /gate\.ready/],
]

/** Returns the settings that a page's tables give, as `NAME=value` in code. */
function settingsOf(section: string): Env {
  const [, page = ''] = text.split(`\n## ${section}\n`)
  const [own = ''] = page.split('\n## ')
  const rows = own.split('\n').filter((line) => line.startsWith('|'))
  const found = rows.join('\n').matchAll(/`(HARRIER_\w+)=([^`\s]+)`/g)
  return Object.fromEntries(Array.from(found, ([, name, value]) => [name, value]))
}

const isIn = (languages: readonly string[]) => (block: FencedBlock) => languages.includes(block.language)

/** JSON that is no answer: what others send or are given. */
const isDocument = ({ language, attributes }: FencedBlock): boolean =>
  language === 'json' && attributes.includes('document')

describe('the pages of docs/INTEGRATION.md', () => {
  it('have blocks that are commands, the answer to one, or settings, and nothing else', () => {
    expect(blocks.length).toBeGreaterThan(20)
    const answers = blocks.filter(isIn(commandLanguages)).map(({ next }) => next)
    const documents = blocks.filter(isDocument)
    for (const { text: json } of documents) expect(JSON.parse(json)).toEqual(expect.any(Object))
    const others = blocks.filter(
      (block) => !isIn([...commandLanguages, ...otherLanguages])(block) && !isDocument(block),
    )
    const stray = others.filter((block) => !isIn(answerLanguages)(block) || !answers.includes(block))
    expect(stray.map(({ line, language }) => `line ${line}: ${language || 'no language'}`)).toEqual([])
  })

  it('have something to run each of their commands against', () => {
    const sections = new Set(blocks.filter(isIn(commandLanguages)).map(({ section }) => section))
    expect(Object.keys(pages).toSorted()).toEqual([...sections].toSorted())
  })

  it('name settings that there are', () => {
    const settings = blocks.filter(isIn(['dotenv']))
    expect(settings.length).toBeGreaterThan(0)
    for (const { text: lines } of settings) {
      const env = lines
        .split('\n')
        .map((line) => /^(\w+)=(.*?)(?:\s+#.*)?$/.exec(line)?.slice(1) as [string, string])
      expect(() => parseConfig(Object.fromEntries(env))).not.toThrow()
    }
  })

  it('have policies that can be used', () => {
    const policies = blocks.filter(isIn(['yaml'])).filter(({ text: yaml }) => yaml.includes('banks:'))
    expect(policies.length).toBeGreaterThan(0)
    for (const { text: yaml, line } of policies) expect(() => parsePolicy(yaml, `line ${line}`)).not.toThrow()
  })
})

describe.each(Object.entries(pages))('%s', (section, open) => {
  const stack = new AsyncDisposableStack()
  let shell: PageShell

  beforeAll(async () => {
    const ports: [printed: string, setting: string, port: string][] = []
    for (const [port, setting] of Object.entries(defaultPorts))
      ports.push([`127.0.0.1:${port}`, setting, String(await freePort())])
    const free = Object.fromEntries(ports.map(([, setting, port]) => [setting, port]))
    const { folder, env } = await open(stack, free, section)
    const replaced = new Map(ports.map(([printed, , port]) => [printed, `127.0.0.1:${port}`]))
    shell = stack.use(new PageShell({ folder, env, replaced }))
  })
  afterAll(() => stack.disposeAsync())

  const commands = blocks.filter((block) => block.section === section && isIn(commandLanguages)(block))
  for (const block of commands) {
    const { language, line, next, text: typed } = block
    const isSkipped = language === 'python' && !canRunPython
    it.skipIf(isSkipped)(`line ${line}: ${typed.split('\n', 1)[0]}`, { timeout: 120_000 }, async () => {
      if (block.attributes.includes('background')) {
        const ready = readyTexts.find(([command]) => command.test(typed))?.[1]
        if (!ready) throw new Error('Expected a line in readyTexts for commands that stay')
        await shell.start(typed, ready)
        return
      }
      const answer = await run(shell, block)
      const isTold = next !== undefined && isIn(answerLanguages)(next)
      if (isTold) expectPrinted(next.language, next.text, answer)
      else expect(answer).not.toContain('"error"')
    })
  }
})

async function run(shell: PageShell, { language, text: typed }: FencedBlock): Promise<string> {
  if (language === 'python') return await shell.runProgram('python3', ['-c'], typed)
  if (language === 'js') return await shell.runProgram(process.execPath, ['--input-type=module', '-e'], typed)
  return await shell.run(typed)
}
