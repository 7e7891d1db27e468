import { styleText } from 'node:util'

/** Styles that output uses, by Node's names. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Where commands write; the only thing in `scripts/` that touches the process's streams. */
export interface Terminal {
  /** Writes a line of the result. */
  out(line: string): void
  /** Writes a line about the command itself: an error, a warning, progress. */
  err(line: string): void
  /** Returns the text in a style, when the result goes to a terminal that has colours. */
  style(style: Style, text: string): string
}

/** Returns the process's own terminal. A reader that goes away (`| head`) ends the output quietly. */
export function createTerminal(): Terminal {
  let isOpen = true
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    isOpen = false
  })
  return {
    out(line) {
      if (isOpen) process.stdout.write(`${line}\n`)
    },
    err(line) {
      process.stderr.write(`${line}\n`)
    },
    style: (style, text) => styleText(style, text, { stream: process.stdout }),
  }
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
