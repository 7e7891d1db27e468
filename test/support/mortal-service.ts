/**
 * The service as a process that dies right after its n-th durable step, n being its first argument; 0 lives. Its second argument is
 * text of the statement from which on steps are counted.
 */
import { dieAfterStep } from './die-after-step.ts'

dieAfterStep(Number(process.argv[2]), process.argv[3])
const { serve } = await import('../../src/serve.ts')
process.exitCode = await serve()
