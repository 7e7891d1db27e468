import { execFileSync } from 'node:child_process'

/** Tells whether this machine can run the guide's Python sample: Python 3 with requests. */
export function hasPython(): boolean {
  try {
    execFileSync('python3', ['-c', 'import requests'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
