import { closestOf } from '../lib/closest.ts'
import { AppError, messageOf } from '../lib/errors.ts'
import { aliasReference, applyAliases } from './aliases.ts'
import type { Env } from './env.ts'
import { policyReference } from './policy-reference.ts'
import { type Config, type SecretSettings, settings } from './settings.ts'
import { targetProblems } from './target-settings.ts'
import { webhookProblems } from './webhook-settings.ts'

/** The settings are not usable; the message lists every problem, a line each. */
export class ConfigError extends AppError {
  override readonly name = 'ConfigError'
  constructor(problems: readonly string[]) {
    super(
      'invalid',
      `Expected usable settings but received:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    )
  }
}

/** Either alone is a mistake: a service that believes anyone, or a secret that nobody asks for. */
const webhookProblem =
  'HARRIER_WEBHOOK_SECRET: expected with HARRIER_WEBHOOKS=signed, and only with that; to take webhooks from anyone, set HARRIER_WEBHOOKS=unsigned'

/** The settings that are never shown; as JSON they are `[redacted]`. */
export type Secrets = SecretSettings & { toJSON(): string }

/**
 * Returns the settings that the variables stand for; an empty variable is unset.
 * @throws {ConfigError} naming every variable that does not parse and every `HARRIER_` variable that does not exist, and what the guide's service knew and Harrier does otherwise.
 */
export function parseConfig(given: Env): { readonly config: Config; readonly secrets: Secrets } {
  const { env, problems: aliasProblems } = applyAliases(given)
  const problems = [...unknownVariables(env), ...aliasProblems]
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(settings)) {
    try {
      const value = env[variableOf(name)]
      values[name] = value === undefined || value === '' ? setting.default : setting.parse(value)
    } catch (error) {
      problems.push(`${variableOf(name)}: ${messageOf(error)}`)
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  const all = values as Config & SecretSettings
  const { signingKey, operatorToken, accountPassword, appviewDatabaseUrl, webhookSecret, ...others } = all
  const { hepaPassword, ozoneDivertPassword, euroskyToken, webhookEndpoints, targets, ...config } = others
  if ((config.webhooks === 'signed') !== (webhookSecret !== undefined))
    throw new ConfigError([webhookProblem])
  const endpointProblems = [
    ...webhookProblems(webhookEndpoints, config),
    ...targetProblems(targets, webhookEndpoints, config),
  ]
  if (endpointProblems.length > 0) throw new ConfigError(endpointProblems)
  const secrets = {
    signingKey,
    operatorToken,
    accountPassword,
    appviewDatabaseUrl,
    webhookSecret,
    webhookEndpoints,
    targets,
    hepaPassword,
    ozoneDivertPassword,
    euroskyToken,
    toJSON: () => '[redacted]',
  }
  return { config: Object.freeze(config), secrets }
}

/** Defaults that differ from machine to machine. */
const defaultsInWords: Readonly<Record<string, string>> = {
  hashProcesses: 'the number of cores',
  gateHashProcesses: 'the number of cores, at most 2',
}

/** The reference of every setting, as the Markdown of `docs/CONFIG.md`. */
export function formatConfigReference(): string {
  const rows = Object.entries(settings).map(([name, { defaultText, doc }]) => {
    const shown = defaultsInWords[name] ?? (defaultText === '' ? '' : `\`${defaultText}\``)
    return `| \`${variableOf(name)}\` | ${shown} | ${doc} |`
  })
  return `# Configuration

Set these in the environment or in a file \`.env\` in the working folder; the environment wins. An empty value is unset. A
value that does not parse, and a \`HARRIER_\` variable that does not exist, stop the start with a message for each.

| Variable | Default | What it is |
| --- | --- | --- |
${rows.join('\n')}

${aliasReference}
${policyReference}`
}

/** Returns the variable of a setting: `dataDir` is `HARRIER_DATA_DIR`. */
export function variableOf(name: string): string {
  return `HARRIER_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

function unknownVariables(env: Env): string[] {
  const known = Object.keys(settings).map(variableOf)
  return Object.keys(env)
    .filter((name) => name.startsWith('HARRIER_') && !known.includes(name))
    .map((name) => `${name}: no such setting; the nearest is ${closestOf(name, known)}`)
}
