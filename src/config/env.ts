import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'

/** Variables by name, as text. */
export type Env = Readonly<Record<string, string | undefined>>

/**
 * Returns the process's environment over the variables of a `.env` file, when there is one: what the process was started
 * with wins. This is the only place that reads `process.env`.
 */
export function readEnv(file = '.env'): Env {
  return { ...readEnvFile(file), ...process.env }
}

function readEnvFile(file: string): Env {
  try {
    return parseEnv(readFileSync(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}
