/**
 * The service's process: checks the runtime, then runs. Nothing that needs Node 24 is imported before the check; a Node
 * older than 22.18 cannot read this file at all, and `npm start` always brings Node 24.
 */
const required = 24
if (Number(process.versions.node.split('.')[0]) < required) {
  process.stderr.write(
    `harrier: Expected Node ${required} or newer but received ${process.versions.node}; start it with "npm start", which brings its own\n`,
  )
  process.exitCode = 1
} else {
  const { serve } = await import('./serve.ts')
  process.exitCode = await serve()
}
