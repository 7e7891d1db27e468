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

/** Starts the service with these settings, and resolves when it says that it is up. */
export async function startService(env: NodeJS.ProcessEnv): Promise<ServiceProcess> {
  // What `npm start` runs, options of the runtime included.
  const [, ...args] = packageJson.scripts.start.split(' ')
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const { public: publicUrl, operator: operatorUrl } = await startedLine(child)
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

async function startedLine(
  child: ChildProcess,
): Promise<{ readonly public: string; readonly operator: string }> {
  for await (const line of createInterface(child.stdout as NodeJS.ReadableStream)) {
    const entry = JSON.parse(line) as {
      readonly msg: string
      readonly public: string
      readonly operator: string
    }
    if (entry.msg === 'app.started') {
      child.stdout?.resume()
      return entry
    }
  }
  throw new Error('Expected the service to start but it ended')
}
