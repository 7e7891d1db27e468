import { z } from 'zod'
import { closestOf } from '../lib/closest.ts'

/** An object of these keys alone; of any other, the error has a line each, in their order, with the nearest of these. */
export function keys<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape)
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => `no such key; the nearest is ${closestOf(key, known)}`).join('\n')
        : undefined,
  })
}

/** One of these words; for another text, the error has the nearest. */
export function word<const Words extends readonly [string, ...string[]]>(
  words: Words,
  what: string,
): z.ZodEnum<{ [Word in Words[number]]: Word }> {
  return z.enum(words, {
    error: ({ input }) => {
      const nearest = typeof input === 'string' ? `; the nearest is ${closestOf(input, words)}` : ''
      return `expected ${what}: ${words.length > 10 ? closestSome(words) : words.join(', ')}${nearest}`
    },
  })
}

/** A list of words, at least one, each once. */
export function someOf<Item extends z.ZodType>(item: Item): z.ZodArray<Item> {
  return z
    .array(item)
    .min(1, 'expected at least one')
    .refine((list) => new Set(list).size === list.length, 'expected each once')
    .meta({ uniqueItems: true })
}

/** Has a check of an object wait only for what is an object, and has no keys that do not exist: all else that is wrong is told at once. */
export function whenKnown({ value, issues }: z.core.ParsePayload): boolean {
  if (typeof value !== 'object' || value === null) return false
  return !issues.some(({ code, path }) => code === 'unrecognized_keys' && (path ?? []).length === 0)
}

/** Two of them stand for a list that is too long to show. */
function closestSome(words: readonly string[]): string {
  return `${words.slice(0, 2).join(', ')} and others`
}
