import type { StoredRecord } from '../atproto/account-session.ts'
import { type Difference, differencesOf, isPlainObject } from '../lib/differences.ts'
import type { Cid } from '../model/ids.ts'
import { defaultDefinition, isKnownToClients } from '../model/label-definition.ts'
import type { Policy } from '../model/policy.ts'

/** Where the labeler's record is in its repository. */
export const serviceRecordPlace = { collection: 'app.bsky.labeler.service', rkey: 'self' } as const

/** What the record is to be made of. */
export type WantedRecord = {
  readonly policy: Pick<Policy, 'labels' | 'definitions' | 'reports'>
  /** Drop the values that the record declares and the policy does not; they stay otherwise. */
  readonly isPruned: boolean
  readonly now: Date
}

/** A record worked out against the one that is there. */
export type RecordPlan = {
  readonly record: StoredRecord['value']
  /** The CID of the record that it replaces; undefined when there is none. */
  readonly previous: Cid | undefined
  /** What differs, with definitions by value and their texts by language; empty when there is nothing to do. */
  readonly differences: readonly Difference[]
  /** Values that only the record declares, and that stay in it. */
  readonly kept: readonly string[]
}

/** What a record that is not there is compared as, so that each definition is a difference of its own. */
const emptyRecord = { policies: { labelValueDefinitions: {} } }

type Definition = Readonly<Record<string, unknown>> & { readonly identifier: string }

/**
 * Returns the labeler's record as the policy declares it, with all else that the record has: its date, fields of other
 * software, and what the policy does not say. A value that the policy only names keeps the definition that the record has
 * of it, and gets a plain one where the record has none and clients know none.
 */
export function planServiceRecord(stored: StoredRecord | undefined, wanted: WantedRecord): RecordPlan {
  const before = stored?.value ?? {}
  const policies = isPlainObject(before['policies']) ? before['policies'] : {}
  const declared = listOf(policies['labelValues'], isText)
  const defined = listOf(policies['labelValueDefinitions'], isDefinition)
  const { labels, reports } = wanted.policy
  const undeclared = [...new Set([...declared, ...defined.map(({ identifier }) => identifier)])].filter(
    (val) => !labels.includes(val),
  )
  const kept = wanted.isPruned ? [] : undeclared
  const definitions = [
    ...labels.flatMap((val) => definitionOf(val, defined, wanted.policy.definitions) ?? []),
    ...defined.filter(({ identifier }) => kept.includes(identifier)),
  ]
  const record = {
    ...before,
    $type: serviceRecordPlace.collection,
    createdAt: before['createdAt'] ?? wanted.now.toISOString(),
    ...reports,
    policies: {
      ...policies,
      labelValues: [...labels, ...kept.filter((val) => declared.includes(val))],
      labelValueDefinitions: definitions,
    },
  }
  const differences = differencesOf(stored ? byName(before) : emptyRecord, byName(record))
  return { record, previous: stored?.cid, differences, kept }
}

/** The policy's definition, over what the record has; the record's, for a value that the policy only names. */
function definitionOf(
  val: string,
  defined: readonly Definition[],
  definitions: Policy['definitions'],
): Definition | undefined {
  const own = definitions.find(({ identifier }) => identifier === val)
  const old = defined.find(({ identifier }) => identifier === val)
  if (own || old) return { ...old, ...own, identifier: val }
  return isKnownToClients(val) ? undefined : defaultDefinition(val)
}

/** The record with its lists of definitions and of texts turned into objects, so that differences have names. */
function byName(record: StoredRecord['value']): unknown {
  const { policies } = record
  if (!isPlainObject(policies)) return record
  const definitions = listOf(policies['labelValueDefinitions'], isDefinition).map((definition) => [
    definition.identifier,
    {
      ...definition,
      locales: Object.fromEntries(
        listOf(definition['locales'], isPlainObject).map((locale) => [String(locale['lang']), locale]),
      ),
    },
  ])
  return { ...record, policies: { ...policies, labelValueDefinitions: Object.fromEntries(definitions) } }
}

function listOf<T>(list: unknown, isItem: (item: unknown) => item is T): T[] {
  return Array.isArray(list) ? list.filter(isItem) : []
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isDefinition(value: unknown): value is Definition {
  return isPlainObject(value) && typeof value['identifier'] === 'string'
}
