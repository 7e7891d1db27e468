import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import packageJson from '../../package.json' with { type: 'json' }

/** The service as an operator runs it, in a process of its own. Disposal ends it as SIGTERM does. */
export type ServiceProcess = AsyncDisposable & {
  readonly pid: number
  readonly publicUrl: string
  readonly operatorUrl: string
}

/** Starts the service with these settings, and resolves when it says that it is up. `onLine` hears every line of its log. */
export async function startService(
  env: NodeJS.ProcessEnv,
  onLine: (line: string) => void = () => {},
): Promise<ServiceProcess> {
  // What `npm start` runs, options of the runtime included.
  const [, ...args] = packageJson.scripts.start.split(' ')
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const { public: publicUrl, operator: operatorUrl } = await startedLine(child, onLine)
  return {
    pid: child.pid as number,
    publicUrl,
    operatorUrl,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

type StartedLine = { readonly msg: string; readonly public: string; readonly operator: string }

async function startedLine(child: ChildProcess, onLine: (line: string) => void): Promise<StartedLine> {
  const { promise, resolve, reject } = Promise.withResolvers<StartedLine>()
  createInterface(child.stdout as NodeJS.ReadableStream)
    .on('line', (line) => {
      onLine(line)
      if (!line.includes('"app.started"')) return
      const entry = JSON.parse(line) as StartedLine
      if (entry.msg === 'app.started') resolve(entry)
    })
    .on('close', () => reject(new Error('Expected the service to start but it ended')))
  return await promise
}
