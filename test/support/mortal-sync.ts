/**
 * `harrier appview-sync` as a process that dies by SIGKILL right after the server has answered its n-th statement from
 * the first transaction on; n is its first argument, and 0 lives. The rest of the arguments are the command's.
 */
import { Client } from 'pg'

const killAfter = Number(process.argv[2])
let statements = 0
let hasBegun = false

const query = Client.prototype.query as (...values: unknown[]) => unknown
Client.prototype.query = function queryCounted(this: Client, ...values: unknown[]) {
  const [text] = values
  hasBegun ||= text === 'begin'
  const result = query.apply(this, values)
  if (!hasBegun || !(result instanceof Promise)) return result
  return result.then((answer: unknown) => {
    statements += 1
    if (statements === killAfter) process.kill(process.pid, 'SIGKILL')
    return answer
  })
} as typeof Client.prototype.query

const { runCommandLine } = await import('../../scripts/lib/command-line.ts')
process.exitCode = await runCommandLine(['appview-sync', ...process.argv.slice(3)])
