/** Writes the documents that are generated: `docs/CONFIG.md`, `docs/XRPC.md` and `docs/policy.schema.json`. Tests fail while they are not what this writes. */
import { writeFileSync } from 'node:fs'
import { formatConfigReference } from '../src/config/config.ts'
import { formatPolicySchema } from '../src/config/policy-schema.ts'
import { formatXrpcReference } from './lib/xrpc-reference.ts'

writeFileSync('docs/CONFIG.md', formatConfigReference())
writeFileSync('docs/XRPC.md', formatXrpcReference())
writeFileSync('docs/policy.schema.json', formatPolicySchema())
