import { type App, openApp } from './app.ts'
import { parseConfig } from './config/config.ts'
import { readEnv } from './config/env.ts'
import { AppError } from './lib/errors.ts'
import { createLogger, type Log } from './lib/logger.ts'

/** How long running jobs may take to finish after the first signal, in milliseconds. */
const graceMs = 10_000
/** Signals within so many milliseconds of the first are taken for the same one. */
const repeatMs = 1000

/**
 * Runs the service on the settings of the environment until SIGTERM or SIGINT, or until something that it owns fails, and returns the exit code: 0 after a
 * signal, 1 after a failure, which is logged. `seqFloor` is the text of `--seq-floor`, which stands for the setting. A second signal, or the end of the grace time, ends the process at once.
 */
export async function serve(seqFloor?: string): Promise<0 | 1> {
  const opened = await open(seqFloor)
  if (!opened) return 1
  const { app, log } = opened
  for (const notice of app.notices) log.warn(notice, 'config.undecided')
  const stop = Promise.withResolvers<'signal'>()
  const onSignal = (): void => stop.resolve('signal')
  process.once('SIGTERM', onSignal).once('SIGINT', onSignal)
  try {
    await Promise.race([stop.promise, app.failure])
    log.info({}, 'app.stopping')
    return 0
  } catch (error) {
    log.error({ err: error }, 'app.failed')
    return 1
  } finally {
    endProcessAfter(graceMs, log)
    await app[Symbol.asyncDispose]()
    log.info({}, 'app.stopped')
  }
}

async function open(
  seqFloor: string | undefined,
): Promise<{ readonly app: App; readonly log: Log } | undefined> {
  try {
    const { config, secrets } = parseConfig({
      ...readEnv(),
      ...(seqFloor === undefined ? {} : { HARRIER_SEQ_FLOOR: seqFloor }),
    })
    const logger = createLogger(config.logLevel)
    return { app: await openApp(config, secrets, { logger }), log: logger }
  } catch (error) {
    // What the operator can mend is told in words; anything else keeps its stack.
    const text =
      error instanceof AppError ? error.message : error instanceof Error ? error.stack : String(error)
    process.stderr.write(`harrier: ${text}\n`)
    return undefined
  }
}

/** Ends the process when a clean end takes too long, or at a second signal; the timer keeps nothing alive. */
function endProcessAfter(ms: number, log: Log): void {
  const end = (): void => {
    log.error({}, 'app.killed')
    process.exit(1)
  }
  setTimeout(end, ms).unref()
  // npm passes on a Ctrl-C that the terminal has sent already: one key press can arrive twice.
  setTimeout(() => process.once('SIGTERM', end).once('SIGINT', end), repeatMs).unref()
  process.on('SIGTERM', () => {}).on('SIGINT', () => {})
}
