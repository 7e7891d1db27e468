/**
 * Harrier's command line. It checks the runtime, then hands over: nothing that needs Node 24 is imported before the
 * check. (A Node older than 22.18 cannot read this file at all; `npm run harrier` always brings Node 24.)
 */
const required = 24
if (Number(process.versions.node.split('.')[0]) < required) {
  process.stderr.write(
    `harrier: Expected Node ${required} or newer but received ${process.versions.node}; ` +
      'start it with "npm run -s harrier -- <command>", which brings its own\n',
  )
  process.exitCode = 1
} else {
  const { runCommandLine } = await import('./lib/command-line.ts')
  process.exitCode = await runCommandLine(process.argv.slice(2))
}
