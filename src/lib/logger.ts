import { type DestinationStream, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

/** What most of the code needs of the logger. Messages are constant dotted names; the rest is fields. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>

/**
 * Returns the root logger: JSON lines on standard output, or readable lines when that is a terminal.
 * `destination` is for tests, which read the JSON lines.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, base: {}, timestamp: pino.stdTimeFunctions.isoTime }
  if (destination) return pino(options, destination)
  if (!process.stdout.isTTY) return pino(options)
  return pino(options, pretty({ sync: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' }))
}
