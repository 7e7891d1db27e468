import { execFile } from 'node:child_process'
import { join } from 'node:path'

/** How a command ended; -1 stands for a signal. */
export type Ended = { readonly code: number; readonly out: string; readonly err: string }

/** What a command is run with, beside its arguments. */
export type RunOptions = {
  readonly nodeOptions?: readonly string[]
  /** The module that is run, with its own first arguments; the command line itself unless told. */
  readonly program?: readonly string[]
  /** What it reads on standard input. */
  readonly input?: string
  /** Settings beside the data folder and the policy. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Runs Harrier's command line as a process in a folder, on the data folder and the policy there. */
export function runHarrier(
  folder: string,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const {
    nodeOptions = [],
    program = [join(import.meta.dirname, '../../scripts/harrier.ts')],
    input,
    settings = {},
  } = options
  const env = {
    HARRIER_DATA_DIR: join(folder, 'data'),
    HARRIER_POLICY_FILE: join(folder, 'policy.yaml'),
    NODE_COMPILE_CACHE: join(folder, 'compiled'), // each command would compile the same again
    ...settings,
  }
  return new Promise((resolve) => {
    const args = [...nodeOptions, ...program, ...argv]
    const child = execFile(
      process.execPath,
      args,
      { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 },
      (error, out, err) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err })
      },
    )
    if (input !== undefined) child.stdin?.end(input)
  })
}

/** Returns the JSON objects that a command printed, one a line. */
export function linesOf(out: string): unknown[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}
