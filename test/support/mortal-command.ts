/**
 * A command of Harrier as a process that dies right after its n-th durable step, n being its first argument, counted from the
 * first statement that contains the second argument.
 */
import { runCommandLine } from '../../scripts/lib/command-line.ts'
import { dieAfterStep } from './die-after-step.ts'

dieAfterStep(Number(process.argv[2]), process.argv[3])
process.exitCode = await runCommandLine(process.argv.slice(4))
