/** Writes the documents that are generated: `docs/CONFIG.md`. A test fails while they are not what this writes. */
import { writeFileSync } from 'node:fs'
import { formatConfigReference } from '../src/config/config.ts'

writeFileSync('docs/CONFIG.md', formatConfigReference())
