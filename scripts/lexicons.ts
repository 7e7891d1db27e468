/** Writes `src/lexicons/`, the types and checks of `lexicons/`. A test fails while they are not what this writes. */
import { rmSync } from 'node:fs'
import { buildLexicons } from './lib/build-lexicons.ts'

rmSync('src/lexicons', { recursive: true, force: true })
buildLexicons('src/lexicons')
