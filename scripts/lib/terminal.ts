import { clearLine, cursorTo } from 'node:readline'
import { styleText } from 'node:util'

/** Styles that output uses, by Node's names. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Where commands write; the only thing in `scripts/` that touches the process's streams. */
export interface Terminal {
  /** Writes a line of the result. */
  out(line: string): void
  /** Writes a line about the command itself: an error, a warning, progress. */
  err(line: string): void
  /** Writes text of the result as it is; resolves once it has gone on, so that a slow reader is waited for. */
  write(text: string): Promise<void>
  /** Shows how far the work has got, in place of what was shown before; nothing unless standard error is a terminal. */
  progress(line: string): void
  /** True where progress is shown: where it is not, long work says a line now and then. */
  readonly isLive: boolean
  /** Returns the text in a style, when the result goes to a terminal that has colours. */
  style(style: Style, text: string): string
}

/** Returns the process's own terminal. A reader that goes away (`| head`) ends the output quietly. */
export function createTerminal(): Terminal {
  let isOpen = true
  const clearProgress = keepProgress()
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    isOpen = false
  })
  return {
    out(line) {
      clearProgress()
      if (isOpen) process.stdout.write(`${line}\n`)
    },
    err(line) {
      clearProgress()
      process.stderr.write(`${line}\n`)
    },
    async write(text) {
      if (isOpen && !process.stdout.write(text)) await drained(process.stdout)
    },
    progress: (line) => clearProgress(line),
    isLive: process.stderr.isTTY,
    style: (style, text) => styleText(style, text, { stream: process.stdout }),
  }
}

/** Returns a function that shows a line of progress on a terminal, or takes it away when it is given none. */
function keepProgress(): (line?: string) => void {
  const stream = process.stderr
  let isShown = false
  return (line) => {
    if (!stream.isTTY || (line === undefined && !isShown)) return
    cursorTo(stream, 0)
    clearLine(stream, 0)
    // A line that wrapped could not be taken away again.
    if (line !== undefined) stream.write(line.slice(0, stream.columns - 1))
    isShown = line !== undefined
  }
}

/** Resolves when the stream takes more, or has been closed. */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      for (const event of ['drain', 'close', 'error']) stream.off(event, settle)
      resolve()
    }
    for (const event of ['drain', 'close', 'error']) stream.on(event, settle)
  })
}

/** Returns the rows as lines with aligned columns; cells may hold styles. The first row is the heading. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => widthOf(row[column] ?? ''))),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
      .join('  ')
      .trimEnd(),
  )
}

/** Text from outside as a terminal may show it: without control characters, which could rewrite the screen. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\u{fffd}')
}

function widthOf(cell: string): number {
  return stripStyles(cell).length
}

function stripStyles(text: string): string {
  return text.replace(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), '')
}
