import { messageOf } from '../lib/errors.ts'
import type { Env } from './env.ts'
import { SettingProblem } from './setting.ts'

/** What a variable of the guide's service becomes here: another name for a setting, or a sentence that says what to do instead. */
type Alias =
  | {
      /** The setting that it stands for. */
      readonly name: string
      /** Its text in the words of that setting; as it is unless told. @throws {SettingProblem} */
      readonly translate?: (text: string) => string
      readonly doc: string
    }
  | {
      /** What to do instead. */
      readonly refusal: string
      /** Settings that show that the operator has done so: with one of them, the variable is another program's. */
      readonly unless?: readonly string[]
      /** The one text that says what Harrier does anyway. */
      readonly accepts?: string
    }

const levels: Readonly<Record<string, string>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  critical: 'error',
}

/** Every variable of the guide's service. */
const aliases: Readonly<Record<string, Alias>> = {
  HOST: { name: 'HARRIER_PUBLIC_HOST', doc: 'the same' },
  PORT: { name: 'HARRIER_PUBLIC_PORT', doc: 'the same' },
  WORKERS: { name: 'HARRIER_HASH_PROCESSES', doc: 'the same' },
  LOG_LEVEL: {
    name: 'HARRIER_LOG_LEVEL',
    translate(text) {
      const level = levels[text.toLowerCase()]
      if (level !== undefined) return level
      throw new SettingProblem('DEBUG, INFO, WARNING, ERROR or CRITICAL', JSON.stringify(text.slice(0, 40)))
    },
    doc: 'WARNING is warn, CRITICAL is error',
  },
  REQUEST_TIMEOUT_SECONDS: {
    name: 'HARRIER_FETCH_TIMEOUT_MS',
    translate(text) {
      if (/^\d{1,6}$/.test(text)) return String(Number(text) * 1000)
      throw new SettingProblem('a whole number of seconds', JSON.stringify(text.slice(0, 40)))
    },
    doc: 'a thousand times as many',
  },
  HMA_API_KEY: {
    name: 'HARRIER_WEBHOOK_SECRET',
    doc: 'what webhooks are signed with; with HARRIER_WEBHOOKS=signed',
  },
  DATABASE_URL: {
    refusal: 'Harrier keeps a database of its own: set HARRIER_DATA_DIR to a folder for it',
    unless: ['HARRIER_DATA_DIR'],
  },
  HMA_API_URL: {
    refusal: 'Harrier hashes and matches by itself: unset it, and fill banks with "harrier bank import"',
  },
  AT_PROTOCOL_PDS_URL: {
    refusal:
      'Harrier finds the PDS of each account by its DID: unset it, or, for the upload gate, set HARRIER_GATE_PDS',
    unless: ['HARRIER_GATE_PDS'],
  },
  AT_PROTOCOL_API_KEY: {
    refusal:
      'Harrier publishes signed labels and asks no PDS for anything with a key: unset it, and run "harrier setup"',
  },
  NCMEC_API_KEY: {
    refusal: 'NCMEC gives a user name and a password, not a key, and Harrier files no CyberTips: unset it',
  },
  NCMEC_ORGANIZATION_ID: {
    refusal: 'NCMEC has no such id for its API, and Harrier files no CyberTips: unset it',
  },
  LOG_FILE: { refusal: 'Harrier logs to standard output: unset it, and send that where you want it' },
  JWT_SECRET: {
    refusal: 'callers of the REST API have keys: unset it, and make them with "harrier api-key create"',
  },
  ENCRYPTION_KEY: {
    refusal:
      'Harrier keeps no images and encrypts nothing: unset it, and encrypt the disk of HARRIER_DATA_DIR',
  },
  ENABLE_NCMEC_REPORTING: {
    refusal: 'Harrier files no CyberTips: set it to false; report_ncmec opens a review for a person who does',
    accepts: 'false',
  },
  ENABLE_AUDIT_LOGGING: { refusal: 'the audit log cannot be switched off: set it to true', accepts: 'true' },
  ENABLE_METRICS: {
    refusal:
      'metrics cannot be switched off: set it to true; the operator listener has them, see HARRIER_OPERATOR_HOST',
    accepts: 'true',
  },
  MAX_CONCURRENT_REQUESTS: {
    refusal: 'images in work are limited, not requests: set HARRIER_JOBS_AT_ONCE',
    unless: ['HARRIER_JOBS_AT_ONCE'],
  },
  HASH_CACHE_SIZE: { refusal: 'hashes are kept in the database, without a limit: unset it' },
}

/**
 * Returns the variables with those of the guide's service under the names of the settings that they stand for, and what is
 * wrong with them, a line each. Our own names win; where both are set and say different things, that is a mistake.
 */
export function applyAliases(env: Env): { readonly env: Env; readonly problems: readonly string[] } {
  const applied: Record<string, string | undefined> = { ...env }
  const problems: string[] = []
  for (const [variable, alias] of Object.entries(aliases)) {
    const text = env[variable] ?? ''
    if (text === '') continue
    try {
      const problem = 'refusal' in alias ? refusalOf(alias, text, env) : settle(applied, env, alias, text)
      if (problem !== undefined) problems.push(`${variable}: ${problem}`)
    } catch (error) {
      problems.push(`${variable}: ${messageOf(error)}`)
    }
  }
  return { env: applied, problems }
}

function refusalOf(
  { refusal, unless = [], accepts }: Extract<Alias, { refusal: string }>,
  text: string,
  env: Env,
): string | undefined {
  const isDone = text.toLowerCase() === accepts || unless.some((name) => (env[name] ?? '') !== '')
  return isDone ? undefined : refusal
}

function settle(
  applied: Record<string, string | undefined>,
  env: Env,
  { name, translate = (same) => same }: Extract<Alias, { name: string }>,
  text: string,
): string | undefined {
  const own = env[name] ?? ''
  const value = translate(text)
  if (own === '') applied[name] = value
  return own === '' || own === value ? undefined : `it says something else than ${name}: unset one of them`
}

/** The reference of these variables, as Markdown. */
export const aliasReference: string = `## The variables of the guide's service

Settings of the service that the integration guide was written for. Each is taken for a setting of Harrier, or stops the start
with what to do instead; none is passed over in silence. Where both names are set and say the same, ours is taken; where
they differ, the start stops. Mind that \`HOST\` and \`PORT\` may be set by a shell or a platform.

| Variable | Here |
| --- | --- |
${Object.entries(aliases)
  .map(([variable, alias]) => `| \`${variable}\` | ${describe(alias)} |`)
  .join('\n')}
`

function describe(alias: Alias): string {
  if ('name' in alias) return `\`${alias.name}\`: ${alias.doc}`
  const { refusal, unless = [], accepts } = alias
  const exception = [
    accepts === undefined ? '' : `, unless it is \`${accepts}\``,
    unless.length === 0 ? '' : `, unless ${unless.map((name) => `\`${name}\``).join(' or ')} is set`,
  ].join('')
  return `refused${exception}: ${refusal}`
}
