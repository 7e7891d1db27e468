import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readEnv } from '../../src/config/env.ts'

/** Where the commands of a page run. */
export type PageShellOptions = {
  /** Holds the files that they name. */
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  /** Texts of the commands, such as default addresses, and what stands here in their place. */
  readonly replaced: ReadonlyMap<string, string>
}

const checkout = join(import.meta.dirname, '../..')

/**
 * A reader who types the commands of one page into a shell: what one sets, the next ones see. npm runs in the checkout, as
 * the reader's does; everything else in the folder. Disposal ends what was left running.
 */
export class PageShell implements AsyncDisposable {
  readonly #options: PageShellOptions
  readonly #running: { readonly child: ChildProcess; readonly closed: Promise<unknown> }[] = []

  constructor(options: PageShellOptions) {
    this.#options = options
    const path = readEnv()['PATH'] ?? ''
    const env = { PATH: path, HOME: options.folder, NO_PROXY: '*', no_proxy: '*', ...options.env }
    const lines = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}`)
    writeFileSync(this.#state, `${lines.join('\n')}\n`)
  }

  /** Runs commands to their end and returns what they print. @throws when the last of them fails. */
  async run(commands: string): Promise<string> {
    return await runProgram('bash', ['-c', this.#script(`${commands}\nexport -p > ${quote(this.#state)}`)], {
      cwd: this.#options.folder,
    })
  }

  /** Runs a program in what the shell has set. @throws when it fails. */
  async runProgram(program: string, args: readonly string[], text: string): Promise<string> {
    const script = `exec ${[program, ...args, this.#replace(text)].map(quote).join(' ')}`
    return await runProgram('bash', ['-c', this.#script(script)], { cwd: this.#options.folder })
  }

  /** Starts commands that stay, and resolves when they have printed what says that they are ready. */
  async start(commands: string, ready: RegExp): Promise<void> {
    // A group of its own: npm starts what it runs in processes of their own.
    const child = spawn('bash', ['-c', this.#script(commands)], {
      cwd: this.#options.folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#running.push({ child, closed: once(child, 'close') })
    let printed = ''
    await new Promise<void>((resolve, reject) => {
      const see = (text: Buffer): void => {
        printed += String(text)
        if (ready.test(printed)) resolve()
      }
      child.stdout.on('data', see)
      child.stderr.on('data', see)
      child.once('exit', () => reject(new Error(`Expected ${ready} but it ended:\n${printed}`)))
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child, closed } of this.#running.reverse()) {
      if (child.exitCode === null && child.signalCode === null)
        process.kill(-(child.pid as number), 'SIGTERM')
      // What it prints to closes with the last process that it has started.
      await closed
    }
  }

  get #state(): string {
    return join(this.#options.folder, '.page-state')
  }

  #script(commands: string): string {
    const npm = `npm() { command npm --prefix ${quote(checkout)} "$@"; }`
    return `set -euo pipefail\n. ${quote(this.#state)}\n${npm}\nset -a\n${this.#replace(commands)}`
  }

  #replace(text: string): string {
    let replaced = text
    for (const [printed, here] of this.#options.replaced) replaced = replaced.replaceAll(printed, here)
    return replaced
  }
}

function runProgram(program: string, args: readonly string[], { cwd }: { cwd: string }): Promise<string> {
  if (!existsSync(cwd)) throw new Error(`Expected the folder ${cwd}`)
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd, env: {} }, (error, out, err) => {
      if (error)
        reject(new Error(`Expected the commands to succeed but received ${error.code}:\n${out}${err}`))
      else resolve(out)
    })
  })
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
