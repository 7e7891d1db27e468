/**
 * The benchmarks: `npm run bench` lists them, `npm run bench -- NAME [--quick] [--json FILE]` runs one, prints a table and
 * writes `{bench, machine, results}`, to `bench-results/NAME.json` unless told. Exit code 1 says that a goal was missed.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { bench as connections } from './bench/connections.ts'
import { bench as gate } from './bench/gate.ts'
import { bench as hash } from './bench/hash.ts'
import { bench as httpLookup } from './bench/http-lookup.ts'
import { bench as importFile } from './bench/import.ts'
import { bench as index } from './bench/index.ts'
import { bench as ingest } from './bench/ingest.ts'
import { bench as labels } from './bench/labels.ts'
import { bench as latency } from './bench/latency.ts'
import { bench as pipeline } from './bench/pipeline.ts'
import { bench as status } from './bench/status.ts'
import type { Bench, BenchResult } from './bench-result.ts'
import { createTerminal, formatTable, type Terminal } from './lib/terminal.ts'

const benches: readonly Bench[] = [
  connections,
  gate,
  hash,
  httpLookup,
  importFile,
  index,
  ingest,
  labels,
  latency,
  pipeline,
  status,
]

process.exitCode = await main(createTerminal())

async function main(terminal: Terminal): Promise<0 | 1 | 2> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'string' }, quick: { type: 'boolean', default: false } },
  })
  const [name] = positionals
  if (name === undefined) {
    for (const { name: known, summary } of benches) terminal.out(`${known.padEnd(12)} ${summary}`)
    terminal.out('\nnpm run bench -- NAME [--quick] [--json FILE]')
    return 0
  }
  const found = benches.find((bench) => bench.name === name)
  if (!found) {
    terminal.err(
      `bench: Expected one of ${benches.map((bench) => bench.name).join(', ')} but received ${name}`,
    )
    return 2
  }
  const results = await found.run({ isQuick: values.quick })
  const machine = machineOf()
  for (const line of formatTable([['measured', 'value', 'unit', 'goal', 'met'], ...results.map(rowOf)]))
    terminal.out(line)
  terminal.out(`${machine.cores} cores, ${machine.cpu}, Node ${machine.node}`)
  const file = values.json ?? `bench-results/${name}.json`
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify({ bench: name, machine, results }, null, 2)}\n`)
  return results.some((result) => result.met === false) ? 1 : 0
}

function rowOf({ name, value, unit, goal, met }: BenchResult): string[] {
  const shown = Number.isInteger(value) ? String(value) : value.toPrecision(3)
  return [name, shown, unit, goal ?? '', met === undefined ? '' : met ? 'yes' : 'no']
}

function machineOf() {
  const all = cpus()
  return {
    cpu: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryBytes: totalmem(),
    node: process.versions.node,
    at: new Date().toISOString(),
  }
}
