import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A running `@skyware/labeler`. */
export type SkywareLabeler = { readonly url: string } & AsyncDisposable

/** What it serves. */
export type SkywareOptions = {
  readonly did: string
  /** The private half of its key, hex. */
  readonly keyHex: string
  /** Labels that it makes before it listens, in order. */
  readonly labels: readonly {
    readonly uri: string
    readonly val: string
    readonly neg?: boolean
    readonly cts?: string
    readonly exp?: string
  }[]
}

/** Starts the peer in a process of its own, and resolves once it listens. */
export async function openSkywareLabeler({ did, keyHex, labels }: SkywareOptions): Promise<SkywareLabeler> {
  const folder = mkdtempSync(join(tmpdir(), 'harrier-skyware-'))
  const program = join(import.meta.dirname, 'skyware-labeler.ts')
  const args = [program, did, keyHex, join(folder, 'labels.db'), JSON.stringify(labels)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const failed = ended.then(([code]) => {
    throw new Error(`Expected @skyware/labeler to listen but it ended with ${String(code)}`)
  })
  failed.catch(() => {})
  const [port] = (await Promise.race([once(child.stdout, 'data'), failed])) as [Buffer]
  return {
    url: `http://localhost:${Number(port)}`,
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
