import type { z } from 'zod'
import { closestOf } from '../lib/closest.ts'
import type { TierEffect } from '../model/policy.ts'
import type { TargetFacts } from '../model/target.ts'
import { findHidden, hasOneReach } from './hidden-tiers.ts'
import { effectOfFile, fileEffect } from './policy-effects.ts'
import { fileScope } from './policy-file.ts'

/** Where effects can go to, by the settings. */
export type Destinations = {
  readonly targets: readonly Pick<TargetFacts, 'id' | 'can'>[]
  /** The ids of webhook endpoints. */
  readonly endpoints: readonly string[]
}

/** A problem, at a path. */
export type PlacedProblem = { readonly path: readonly PropertyKey[]; readonly message: string }

/** Returns what the form of the file says, in words, with keys that do not exist at their own places. */
export function problemsOfIssue(
  issue: z.core.$ZodIssue,
  value: unknown,
  above: readonly PropertyKey[] = [],
): PlacedProblem[] {
  const path = [...above, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n')
    return issue.keys.map((key, place) => ({ path: [...path, key], message: messages[place] ?? '' }))
  }
  if (issue.code === 'invalid_key') return [{ path, message: issue.issues[0]?.message ?? issue.message }]
  if (issue.code !== 'invalid_union') return [{ path, message: issue.message }]
  // Of two forms, that with keys stands last: what the value looks like says which one was meant.
  const meant = isObject(at(value, path)) ? issue.errors.at(-1) : issue.errors[0]
  return (meant ?? []).flatMap((inner) => problemsOfIssue(inner, value, path))
}

/**
 * Returns what is wrong with a file between its places: labels that it does not declare or declares twice, tiers that never
 * decide, and, where those are known, destinations that do not exist. What has not the form of the file is passed over.
 */
export function problemsBetween(
  value: unknown,
  lineOf: (path: readonly PropertyKey[]) => number,
  destinations: Destinations | undefined,
): PlacedProblem[] {
  const declared = declaredVals(value)
  const twice = declared.flatMap((val, i) =>
    declared.indexOf(val) < i ? [{ path: ['labels', i], message: 'expected each value once' }] : [],
  )
  return [
    ...twice,
    ...tierLists(value).flatMap(({ path, list }) => [
      ...hiddenTiers(path, list, lineOf),
      ...list.flatMap((item, i) =>
        effectsOf(item).flatMap(({ effect, i: place }) => {
          const message = faultOfEffect(effect, declared, destinations)
          return message === undefined ? [] : [{ path: [...path, i, 'effects', place], message }]
        }),
      ),
    ]),
  ]
}

function hiddenTiers(
  path: readonly PropertyKey[],
  list: readonly unknown[],
  lineOf: (path: readonly PropertyKey[]) => number,
): PlacedProblem[] {
  const scopes = list.map((item) => {
    const { effects: _, ...scope } = isObject(item) ? item : {}
    const { data } = fileScope.safeParse(scope)
    return data && hasOneReach(data) ? data : undefined
  })
  return findHidden(scopes).flatMap((hiders, i) => {
    if (hiders.length === 0) return []
    const lines = hiders.map((hider) => lineOf([...path, hider]))
    const where = `${lines.length === 1 ? 'line' : 'lines'} ${lines.join(' and ')}`
    const verb = lines.length === 1 ? 'holds' : 'hold'
    const message = `expected a tier that can decide, but ${where} before it ${verb} all that it holds`
    return [{ path: [...path, i], message }]
  })
}

function faultOfEffect(
  effect: TierEffect,
  declared: readonly string[],
  destinations: Destinations | undefined,
): string | undefined {
  if (effect.kind === 'label') {
    if (declared.includes(effect.val)) return undefined
    return `expected a value that labels: declares but received ${effect.val}${nearest(effect.val, declared)}`
  }
  if (destinations === undefined) return undefined
  const { targets, endpoints } = destinations
  if (effect.kind === 'webhook') {
    if (endpoints.includes(effect.to)) return undefined
    return `expected the id of an endpoint of HARRIER_WEBHOOK_ENDPOINTS but received ${effect.to}${nearest(effect.to, endpoints)}`
  }
  if (effect.kind !== 'report' && effect.kind !== 'takedown') return undefined
  const id = effect.kind === 'report' ? effect.to : effect.by
  const able = targets.filter(({ can }) => can.has(effect.kind)).map((target) => target.id)
  if (able.includes(id)) return undefined
  return targets.some((target) => target.id === id)
    ? `expected a target that does a ${effect.kind}, but ${id} does none${nearest(id, able)}`
    : `expected the id of a target of HARRIER_TARGETS but received ${id}${nearest(id, able)}`
}

function nearest(text: string, known: readonly string[]): string {
  return known.length === 0 ? '; there is none' : `; the nearest is ${closestOf(text, known)}`
}

function effectsOf(tier: unknown): { readonly effect: TierEffect; readonly i: number }[] {
  const list = isObject(tier) && Array.isArray(tier['effects']) ? tier['effects'] : []
  return list.flatMap((item, i) => {
    const { data } = fileEffect.safeParse(item)
    return data === undefined ? [] : [{ effect: effectOfFile(data), i }]
  })
}

function tierLists(
  value: unknown,
): { readonly path: readonly PropertyKey[]; readonly list: readonly unknown[] }[] {
  const { banks, otherBanks } = isObject(value) ? value : {}
  const named = Object.entries(isObject(banks) ? banks : {}).map(([bank, given]) =>
    isObject(given)
      ? { path: ['banks', bank, 'tiers'], list: given['tiers'] }
      : { path: ['banks', bank], list: given },
  )
  return [...named, { path: ['otherBanks'], list: otherBanks }].flatMap(({ path, list }) =>
    Array.isArray(list) ? [{ path, list }] : [],
  )
}

/** The values in their places, also those of entries that are wrong otherwise. */
function declaredVals(value: unknown): string[] {
  const labels = isObject(value) ? value['labels'] : undefined
  if (!Array.isArray(labels)) return []
  return labels.map((entry) => String(isObject(entry) ? entry['identifier'] : entry))
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown>)?.[key], value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
