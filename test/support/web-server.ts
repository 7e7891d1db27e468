import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readEnv } from '../../src/config/env.ts'
import { freePort } from './free-port.ts'
import { tlsIdentity } from './tls-identity.ts'

/** The web servers that a PDS commonly stands behind. */
export type WebServerName = 'caddy' | 'nginx'

/** Where the web server sends requests: `127.0.0.1:3003` and `:3000` of the page, each as host and port. */
export type WebServerTargets = { readonly gate: string; readonly pds: string }

/** A web server that listens, with a certificate for `localhost` that signs itself. Disposal ends it. */
export type WebServer = { readonly url: string } & AsyncDisposable

/** Those that Debian installs where only root looks are found too. */
const path = `${readEnv()['PATH'] ?? ''}:/usr/sbin`

/** Tells whether this machine has a web server. */
export function hasWebServer(name: WebServerName): boolean {
  const ask = name === 'caddy' ? ['version'] : ['-v']
  return spawnSync(name, ask, { env: { PATH: path } }).status === 0
}

/**
 * Starts a web server on a page's snippet. Only what a machine has of its own is put in: the addresses, and the certificate in
 * place of one that a public authority would have issued.
 * @throws when the snippet has not what is replaced, or the web server does not take it.
 */
export async function openWebServer(
  name: WebServerName,
  snippet: string,
  targets: WebServerTargets,
): Promise<WebServer> {
  await using stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), `harrier-${name}-`))
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  const port = await freePort()
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  writeFileSync(files.cert, tlsIdentity.cert)
  writeFileSync(files.key, tlsIdentity.key, { mode: 0o600 })
  const here = putIn(snippet, [
    ['127.0.0.1:3003', targets.gate],
    ['127.0.0.1:3000', targets.pds],
    ...replacements[name](port, files),
  ])
  const file = join(folder, name)
  writeFileSync(file, frames[name](folder, here))
  const args =
    name === 'caddy'
      ? ['run', '--config', file, '--adapter', 'caddyfile']
      : ['-p', folder, '-c', file, '-e', 'stderr']
  const child = spawn(name, args, {
    env: { PATH: path, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (text: Buffer) => (said = (said + String(text)).slice(-4_000)))
  const exit = once(child, 'exit')
  stack.defer(async () => {
    child.kill('SIGTERM')
    await exit
  })
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(`Expected ${name} to listen but it ended:\n${said}`)
    await sleep(20)
  }
  const open = stack.move()
  return { url: `https://localhost:${port}`, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

type Files = { readonly cert: string; readonly key: string }
type Replacement = readonly [printed: string, here: string]

const replacements: Readonly<Record<WebServerName, (port: number, files: Files) => readonly Replacement[]>> =
  {
    caddy: (port, { cert, key }) => [
      ['pds.example.com, *.pds.example.com {', `https://localhost:${port} {`],
      ['tls {\n\t\ton_demand\n\t}', `tls ${cert} ${key}`],
    ],
    nginx: (port, { cert, key }) => [
      ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
      ['server_name pds.example.com *.pds.example.com', 'server_name localhost'],
      ['/etc/ssl/pds.pem', cert],
      ['/etc/ssl/pds.key', key],
    ],
  }

/** What stands round the snippet on a machine where the web server is installed, without what only root may do. */
const frames: Readonly<Record<WebServerName, (folder: string, snippet: string) => string>> = {
  caddy: (_, snippet) => `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${snippet}\n`,
  nginx: (folder, snippet) => `daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr;
events {}
http {
access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((part) => `${part}_temp_path ${folder}/${part};`).join('\n')}
${snippet}
}
`,
}

function putIn(snippet: string, replaced: readonly Replacement[]): string {
  let text = snippet
  for (const [printed, here] of replaced) {
    if (!text.includes(printed)) throw new Error(`Expected the snippet to have ${printed}`)
    text = text.replaceAll(printed, () => here)
  }
  return text
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
