import { type DestinationStream, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

/** What most of the code needs of the logger. Messages are constant dotted names; the rest is fields. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>

/**
 * Returns the root logger: JSON lines on standard output, or on standard error where a command's result goes to standard
 * output; readable lines when that is a terminal. A `destination` of another sort is for tests, which read the JSON lines.
 */
export function createLogger(level: string, destination?: DestinationStream | 'stderr'): Logger {
  const options = { level, base: {}, timestamp: pino.stdTimeFunctions.isoTime }
  if (destination !== undefined && destination !== 'stderr') return pino(options, destination)
  const [stream, fd] = destination === 'stderr' ? [process.stderr, 2] : [process.stdout, 1]
  if (!stream.isTTY) return pino(options, pino.destination(fd))
  const style = { sync: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname', destination: fd }
  return pino(options, pretty(style))
}
