/** The service as a process that dies right after its n-th durable step, n being its first argument; 0 lives. */
import { dieAfterStep } from './die-after-step.ts'

dieAfterStep(Number(process.argv[2]))
const { serve } = await import('../../src/serve.ts')
process.exitCode = await serve()
