import { formatTable, printable, type Style, type Terminal } from '../lib/terminal.ts'
import type { DemoEvent, DemoResult, Tell } from './demo-event.ts'

/** Returns the teller for people: a line for each event, in colours where there are any. */
export function createPrinter(terminal: Terminal): Tell {
  let lastUri = ''
  return (event) => {
    if (event.kind === 'moment' && event.uri !== lastUri) {
      terminal.out(`  ${terminal.style('dim', printable(event.uri))}`)
      lastUri = event.uri
    }
    for (const line of linesOf(event, terminal)) terminal.out(line)
  }
}

/** Returns the teller for machines: each event as a line of JSON. */
export function createJsonPrinter(terminal: Terminal): Tell {
  return (event) => terminal.out(JSON.stringify(event))
}

function linesOf(event: DemoEvent, terminal: Terminal): string[] {
  if (event.kind === 'section') return ['', terminal.style('bold', printable(event.title))]
  if (event.kind === 'result') return resultLines(event.results, terminal)
  if (event.kind === 'note') return event.text.split('\n')
  if (event.kind === 'step') {
    return [`  ${terminal.style('dim', timeCell(event.durationMs))}  ${printable(event.text)}`]
  }
  const time = terminal.style('dim', timeCell(event.sincePostMs, '+'))
  const what = terminal.style(momentStyles[event.what], event.what.padEnd(8))
  return [`  ${time}  ${what}  ${printable(event.text)}`]
}

const momentStyles: Readonly<Record<Extract<DemoEvent, { kind: 'moment' }>['what'], Style>> = {
  seen: 'cyan',
  fetched: 'cyan',
  hashed: 'cyan',
  matched: 'yellow',
  decided: 'cyan',
  signed: 'yellow',
  received: 'green',
  failed: 'red',
}

function resultLines(results: readonly DemoResult[], terminal: Terminal): string[] {
  const heading = ['picture', 'expected', 'found', 'distance', 'post to label', '']
  const rows = results.map((result) => [
    result.picture,
    result.expected,
    result.found,
    result.distance === undefined ? '-' : String(result.distance),
    result.postToLabelMs === undefined ? '-' : `${Math.round(result.postToLabelMs)} ms`,
    result.isAsExpected ? terminal.style('green', 'as expected') : terminal.style('red', 'NOT AS EXPECTED'),
  ])
  return formatTable([heading, ...rows]).map(
    (line, index) => `  ${index === 0 ? terminal.style('dim', line) : line}`,
  )
}

function timeCell(ms: number, sign = ''): string {
  return `${`${sign}${Math.round(ms)}`.padStart(6)} ms`
}
