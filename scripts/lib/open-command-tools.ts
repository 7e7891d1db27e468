import { parseConfig } from '../../src/config/config.ts'
import { type Env, readEnv } from '../../src/config/env.ts'
import type { Doctor } from '../../src/open-doctor.ts'
import type { Hashing, Tools } from '../../src/tools.ts'

/** Opens what commands work with, on the given settings; on those of the environment and `.env` unless told. */
export async function openCommandTools(env: Env = readEnv()): Promise<Tools> {
  const { config, secrets } = parseConfig(env)
  // The database and the curve library take their time to load; help and wrong usage need neither.
  const { openTools } = await import('../../src/tools.ts')
  return openTools(config, secrets)
}

/** Opens what commands work with where there is a database already: a new one would prove nothing. @throws {AppError} `not-found` */
export async function openExistingTools(): Promise<Tools> {
  const env = readEnv()
  const { requireDatabase } = await import('../../src/tools.ts')
  requireDatabase(parseConfig(env).config)
  return openCommandTools(env)
}

/** Opens hashing alone, on the settings of the environment and `.env`; touches no data folder. */
export async function openCommandHashing(): Promise<Hashing> {
  const { config } = parseConfig(readEnv())
  const { openHashing } = await import('../../src/tools.ts')
  return openHashing(config)
}

/** Returns the doctor, on the settings of the environment and `.env`; writes nothing. */
export async function openCommandDoctor(env: Env = readEnv()): Promise<Doctor> {
  const { config, secrets } = parseConfig(env)
  const { createDoctor } = await import('../../src/open-doctor.ts')
  return createDoctor(config, secrets)
}
