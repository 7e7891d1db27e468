/**
 * The service's process: checks the runtime, then runs. Nothing that needs Node 24 is imported before the check; a Node
 * older than 22.18 cannot read this file at all, and `npm start` always brings Node 24.
 */
import { parseArgs } from 'node:util'

const required = 24
if (Number(process.versions.node.split('.')[0]) < required) {
  process.stderr.write(
    `harrier: Expected Node ${required} or newer but received ${process.versions.node}; start it with "npm start", which brings its own\n`,
  )
  process.exitCode = 1
} else {
  const { serve } = await import('./serve.ts')
  const options = parseOptions(process.argv.slice(2))
  process.exitCode = options ? await serve(options['seq-floor']) : 2
}

/** `--seq-floor` is the only option; any other is told of, and stops the start. */
function parseOptions(args: string[]): { 'seq-floor'?: string } | undefined {
  try {
    return parseArgs({ args, options: { 'seq-floor': { type: 'string' } } }).values
  } catch (error) {
    process.stderr.write(`harrier: ${(error as Error).message}\n`)
    return undefined
  }
}
