import { type Secrets, variableOf } from './config.ts'
import { type Config, settings } from './settings.ts'

/** A setting as it is in effect. */
export type EffectiveSetting = {
  /** The variable, such as `HARRIER_DATA_DIR`. */
  readonly name: string
  /** JSON; of a secret that is set, the string that `digest` returned; `null` where nothing is set. */
  readonly value: string
  /** What it is where the operator says nothing, in the same form. */
  readonly default: string
  readonly isSecret: boolean
}

/**
 * Returns every setting in effect, in the order of the reference. `digest` is given a secret's variable and its value as text, and
 * returns what stands for it; nothing else of a secret is returned.
 */
export function effectiveSettings(
  config: Config,
  secrets: Secrets,
  digest: (name: string, value: string) => string,
): EffectiveSetting[] {
  const plain: Readonly<Record<string, unknown>> = config
  return Object.entries(settings).map(([key, setting]) => {
    const name = variableOf(key)
    const fallback = textOf(setting.default)
    if (key in plain) return { name, value: textOf(plain[key]), default: fallback, isSecret: false }
    const text = textOf(secrets[key as keyof Secrets])
    const value = text === fallback ? 'null' : JSON.stringify(digest(name, text))
    return { name, value, default: 'null', isSecret: true }
  })
}

function textOf(value: unknown): string {
  return JSON.stringify(value ?? null)
}
