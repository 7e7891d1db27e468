import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** What the generated files import, and what reads it: the network's own library for lexicons. */
const library = '@atproto/lex-schema'

/**
 * Writes the types and the checks of the lexicons of `lexicons/` to a folder, as JavaScript with its declarations: the
 * generator writes TypeScript that leaves the types of its exports to be inferred, which the rest of this project may not.
 * To be run in the folder of the project. @throws when a lexicon is not one.
 */
export function buildLexicons(target: string): void {
  // Beside the modules that it imports.
  const draft = mkdtempSync(join('src', '.lexicons-'))
  try {
    const lex = ['node_modules/@atproto/lex/bin/lex', 'build', '--lexicons', 'lexicons', '--out', draft]
    run([...lex, '--clear', '--lib', library, '--import-ext', '.js', '--no-pretty'])
    const options = ['--module', 'nodenext', '--target', 'esnext', '--strict', '--skipLibCheck']
    const emit = ['--declaration', '--rootDir', draft, '--outDir', target, '--ignoreConfig']
    const files = globSync(join(draft, '**/*.ts')).sort()
    run(['node_modules/typescript/bin/tsc', ...options, ...emit, ...files])
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

function run(args: readonly string[]): void {
  execFileSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
}
