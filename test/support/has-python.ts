import { execFileSync } from 'node:child_process'

/**
 * Tells whether this machine can run Python samples: Python 3 with the modules that they need; unless told, those of the guide's
 * sample.
 */
export function hasPython(modules: readonly string[] = ['requests']): boolean {
  try {
    execFileSync('python3', ['-c', modules.map((name) => `import ${name}\n`).join('')], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
