import type { AuditEntry } from '../model/audit.ts'
import type { Database } from '../store/database.ts'
import { areComparable } from './settings-salt.ts'

/** A setting as it is in effect: values are JSON; of a secret, a digest or `null`. */
export type RecordableSetting = {
  readonly name: string
  readonly value: string
  readonly default: string
  readonly isSecret: boolean
}

/** The policy in effect: the file, and the SHA-256 of its text; neither where there is no file. */
export type RecordablePolicy = { readonly file: string | undefined; readonly digest: string | undefined }

/** What a start of the service has. */
export type StartRecord = {
  readonly settings: readonly RecordableSetting[]
  readonly policy: RecordablePolicy
  /** ISO 8601. */
  readonly at: string
}

/** What became of one setting. Of a secret nothing is said but that. */
type SettingChange =
  | { readonly from: unknown; readonly to: unknown }
  | 'set'
  | 'changed'
  | 'removed'
  | 'set, and whether to another value cannot be told'

/** What the policy's digest is kept as, beside the variables. */
const policyName = 'policy'

/**
 * Compares what a start of the service has with what the last one had, leaves audit rows of what differs, and keeps it for the
 * next one, all in one transaction. The first start, and a setting that is new, are compared with the defaults.
 */
export async function recordSettings(
  database: Pick<Database, 'transaction'>,
  start: StartRecord,
): Promise<void> {
  await database.transaction(async ({ recordedSettings, audit }) => {
    const known = await recordedSettings.load()
    const entries = [...settingsEntries(known, start), ...policyEntries(known, start)]
    if (entries.length === 0 && known.size > 0) return
    await audit.append(entries)
    const values = start.settings.map(({ name, value }) => [name, value] as const)
    await recordedSettings.replace(new Map([...values, [policyName, policyText(start.policy)]]))
  })
}

function settingsEntries(known: ReadonlyMap<string, string>, { settings, at }: StartRecord): AuditEntry[] {
  const changed = settings.flatMap((setting): [string, SettingChange][] => {
    const from = known.get(setting.name) ?? setting.default
    return from === setting.value ? [] : [[setting.name, changeOf(setting, from)]]
  })
  const names = new Set([...settings.map(({ name }) => name), policyName])
  const dropped = [...known.keys()].filter((name) => !names.has(name))
  if (changed.length === 0 && dropped.length === 0) return []
  const details = {
    comparedWith: known.size === 0 ? 'the defaults' : 'the last start',
    changed: Object.fromEntries(changed),
    ...(dropped.length > 0 && { noLongerASetting: dropped }),
  }
  return [{ at, actor: 'harrier', action: 'config.changed', subject: 'settings', details }]
}

function changeOf({ value, isSecret }: RecordableSetting, from: string): SettingChange {
  if (!isSecret) return { from: JSON.parse(from) as unknown, to: JSON.parse(value) as unknown }
  if (value === 'null') return 'removed'
  if (from === 'null') return 'set'
  return areComparable(from, value) ? 'changed' : 'set, and whether to another value cannot be told'
}

function policyEntries(known: ReadonlyMap<string, string>, { policy, at }: StartRecord): AuditEntry[] {
  const from = known.get(policyName) ?? 'null'
  const to = policyText(policy)
  if (from === to) return []
  const digests = { from: JSON.parse(from) as unknown, to: JSON.parse(to) as unknown }
  const details = { ...digests, ...(policy.file !== undefined && { file: policy.file }) }
  return [{ at, actor: 'harrier', action: 'policy.changed', subject: policyName, details }]
}

function policyText({ digest }: RecordablePolicy): string {
  return JSON.stringify(digest ?? null)
}
