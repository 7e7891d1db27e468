/** JSON that is almost what a route wants: a good value with one or two places made bad. */
import * as fc from 'fast-check'

/** Stands in texts that are sent; no log line may ever have it. */
export const marker = 'text~of~a~caller~7f3a'

const names = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'length',
  '',
  marker,
  '$type',
  '\u0000',
]

/** Values that programs stumble over. */
export const hostileValues: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -0,
    -1,
    0.5,
    1e308,
    -1e308,
    2 ** 53 + 2,
    5e-324,
    '',
    ' ',
    '0',
    '-1',
    '1e3',
    'NaN',
    'null',
    'true',
    '\u0000',
    '\ud800',
    '\uFFFD\u202E\u200B',
    '../../../../etc/passwd',
    "' OR 1=1; --",
    '<script>alert(1)</script>',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'http://127.0.0.1:1/',
    'http://[::1]/',
    'http://169.254.169.254/latest',
    'http://user:pass@example.com:99999/',
    'at://',
    'at://did:plc:ewvi7nxzyoun6zhxrhs64oiz',
    'did:web:localhost%3A1',
    'did:plc:',
    'bafkrei',
    marker,
    marker.repeat(100),
    'x'.repeat(100_000),
    '9'.repeat(63),
    '9'.repeat(64),
    'F'.repeat(64),
    'é'.repeat(64),
    '9999-12-31T23:59:59.999Z',
    '2026-02-30T00:00:00Z',
    [],
    {},
    [[]],
    [null],
    [{}],
    { [marker]: marker },
    { toString: 1, valueOf: 2 },
    { length: 1e9 },
  ),
  fc.integer(),
  fc.double(),
  fc.string({ maxLength: 300 }),
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom(...names).map((name) => ({ [name]: { [name]: [name] } })),
  fc.integer({ min: 1, max: 3_000 }).map((count) => Array.from({ length: count }, (_, index) => index)),
)

/** The places of a value: itself, and what is in its objects and arrays. */
function placesIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([name, inner]) => placesIn(inner, [...path, name]))]
}

function replaceAt(
  value: unknown,
  [name, ...rest]: readonly string[],
  change: (old: unknown) => unknown,
): unknown {
  if (name === undefined) return change(value)
  if (Array.isArray(value)) {
    return value.map((item, index) => (String(index) === name ? replaceAt(item, rest, change) : item))
  }
  return { ...(value as object), [name]: replaceAt((value as never)[name], rest, change) }
}

/** Returns values that differ from a good one in one place: replaced, left out, wrapped, doubled, or with more in it. */
export function spoiled(good: unknown): fc.Arbitrary<unknown> {
  const place = fc.constantFrom(...placesIn(good))
  const change = fc.oneof<fc.Arbitrary<(old: unknown) => unknown>[]>(
    hostileValues.map((value) => () => value),
    fc.constant(() => undefined),
    fc.constant((old) => [old]),
    fc.constant((old) => ({ value: old })),
    fc.constant((old) => JSON.stringify(old)),
    fc.constant((old) => [old, old, old]),
    fc.tuple(fc.constantFrom(...names), hostileValues).map(
      ([name, value]) =>
        (old: unknown) =>
          typeof old === 'object' && old !== null && !Array.isArray(old)
            ? Object.fromEntries([...Object.entries(old), [name, value]])
            : { [name]: value },
    ),
  )
  return fc.tuple(place, change).map(([path, apply]) => replaceAt(good, path, apply))
}
