/** Harrier's `bank import` as a process that dies right after its n-th durable step, n being its first argument. */
import { runCommandLine } from '../../scripts/lib/command-line.ts'
import { dieAfterStep } from './die-after-step.ts'

dieAfterStep(Number(process.argv[2]), 'bank_imports')
process.exitCode = await runCommandLine(process.argv.slice(3))
