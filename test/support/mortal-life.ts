/** Lives of a service that may die after a durable step: see `die-after-step.ts`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Env } from '../../src/config/env.ts'
import type { Database } from '../../src/store/database.ts'
import { openSqlite } from '../../src/store/sqlite.ts'

/** The statement with which a service has started: it looks up its place in the stream. Steps before it are those of `restart.test.ts`. */
export const sinceStarted = '"cursors"'

/**
 * Runs the service until its database says that all is done, or until it dies after a step behind its start; returns whether it was
 * killed.
 */
export async function liveUntil(
  env: Env,
  killAfter: number,
  isOver: (database: Database) => Promise<boolean>,
): Promise<boolean> {
  const program = join(import.meta.dirname, 'mortal-service.ts')
  const child = spawn(process.execPath, [program, String(killAfter), sinceStarted], {
    env: { ...env, NODE_COMPILE_CACHE: join(import.meta.dirname, '../../node_modules/.cache/compiled') },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null
  const work = async (): Promise<void> => {
    for await (const line of createInterface(child.stdout as NodeJS.ReadableStream)) {
      if ((JSON.parse(line) as { msg: string }).msg === 'app.started') break
    }
    child.stdout?.resume()
    if (!isAlive()) return
    await using database = await openSqlite({ path: join(env['HARRIER_DATA_DIR'] as string, 'harrier.db') })
    while (isAlive() && !(await isOver(database))) await new Promise((resolve) => setTimeout(resolve, 25))
  }
  await Promise.race([exit, work()])
  child.kill('SIGTERM')
  const [, signal] = await exit
  return signal === 'SIGKILL'
}

/**
 * Runs a life that dies after each durable step in turn, two at a time unless they would meet, until one is too short; returns how
 * many died.
 */
export async function dieAtEveryStep(
  liveAndDie: (killAfter: number) => Promise<boolean>,
  { atOnce = 2 }: { readonly atOnce?: number } = {},
): Promise<number> {
  let deaths = 0
  for (let step = 1, hasSurvived = false; !hasSurvived; step += atOnce) {
    const lives = Array.from({ length: atOnce }, (_, n) => liveAndDie(step + n))
    for (const wasKilled of await Promise.all(lives)) {
      if (wasKilled) deaths++
      else hasSurvived = true
    }
  }
  return deaths
}
