/** Writes the documents that are generated: `docs/CONFIG.md` and `docs/XRPC.md`. Tests fail while they are not what this writes. */
import { writeFileSync } from 'node:fs'
import { formatConfigReference } from '../src/config/config.ts'
import { formatXrpcReference } from './lib/xrpc-reference.ts'

writeFileSync('docs/CONFIG.md', formatConfigReference())
writeFileSync('docs/XRPC.md', formatXrpcReference())
