import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readEnv } from '../../src/config/env.ts'

/** The version of Bluesky's automod that is run: the newest that the Go module proxy has. */
const module = 'github.com/bluesky-social/indigo'
const version = 'v0.0.0-20260605210604-af2fec94f34c'

/** Beside what vitest caches; npm empties it, and Go then links hepa anew out of its own cache. */
const folder = join(import.meta.dirname, '../../node_modules/.cache/harrier-hepa', version)

const run = promisify(execFile)

/** Tells whether hepa can be built on this machine, and says what is missing where it cannot; its source is downloaded by then. */
export function hasHepa(): boolean {
  const missing = findMissing()
  if (missing !== undefined) process.stderr.write(`Skipped: the tests of hepa need ${missing}.\n`)
  return missing === undefined
}

function findMissing(): string | undefined {
  if (spawnSync('go', ['version']).status !== 0) return 'Go on the PATH'
  const { status, error } = spawnSync('go', ['mod', 'download', `${module}@${version}`], { timeout: 120_000 })
  if (status === 0) return undefined
  return `${module} from Go's module proxy, which did not give it${error ? ' in time' : ''}`
}

/** The command line of hepa; its log is JSON lines on the standard error of a command, and on the standard output of `run`. */
export type Hepa = {
  /** Judges one record, which hepa fetches itself, and returns the log. */
  processRecord(uri: string, settings: HepaSettings): Promise<HepaLine[]>
  /** Starts the daemon, which follows a firehose; disposal ends it. */
  start(settings: HepaSettings): HepaDaemon
}

/** The settings by the names of hepa's environment variables. */
export type HepaSettings = Readonly<Record<string, string>>

/** A line of hepa's log. */
export type HepaLine = { readonly msg: string; readonly [field: string]: unknown }

/** A running hepa. */
export interface HepaDaemon extends AsyncDisposable {
  /** What it has logged so far. */
  lines(): HepaLine[]
}

/**
 * Builds the real hepa, unmodified. The first build on a machine takes three minutes of processor time, and downloads its
 * modules; it gives way to the tests that run beside it. The next one takes seconds.
 */
export async function buildHepa(): Promise<Hepa> {
  mkdirSync(folder, { recursive: true })
  const env = { ...readEnv(), GOBIN: folder, GOTMPDIR: folder }
  const install = ['go', 'install', `${module}/cmd/hepa@${version}`]
  await run('nice', ['-n', '19', ...install], { env, timeout: 1_500_000 })
  const program = join(folder, 'hepa')
  // It reads a file .env where it is started.
  const options = { cwd: tmpdir(), timeout: 60_000 }
  return {
    async processRecord(uri, settings) {
      const { stderr } = await run(program, ['process-record', uri], { ...options, env: settings })
      return parseLines(stderr)
    },
    start(settings) {
      const child = spawn(program, ['run'], {
        cwd: tmpdir(),
        env: settings,
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let text = ''
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      return { lines: () => parseLines(text), [Symbol.asyncDispose]: () => end(child) }
    },
  }
}

function parseLines(text: string): HepaLine[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as HepaLine] : []))
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}
