/** Bodies that are almost what a route wants, in bytes, with the headers that go with them. */
import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { hostileValues, marker, spoiled } from './hostile-json.ts'

/** A body with its headers. */
export type HostileBody = { readonly bytes: Buffer; readonly headers: Readonly<Record<string, string>> }

/** A good body: JSON, a form without a file, one with a file, or bytes. */
export type GoodBody =
  | { readonly json: unknown }
  | { readonly form: Readonly<Record<string, string>> }
  | { readonly file: Buffer; readonly field: string; readonly fields?: Readonly<Record<string, string>> }
  | { readonly bytes: Buffer; readonly type: string }

const json = 'application/json'
const urlEncoded = 'application/x-www-form-urlencoded'

/** Returns a body as it should be sent. */
export function encodeBody(good: GoodBody): HostileBody {
  if ('json' in good) return typed(JSON.stringify(good.json), json)
  if ('bytes' in good) return typed(good.bytes, good.type)
  if ('form' in good) return typed(new URLSearchParams(good.form).toString(), urlEncoded)
  return formOf(partsOf(good))
}

/** Returns bodies that are wrong in some way, each made from the good one. */
export function hostileBodies(good: GoodBody): fc.Arbitrary<HostileBody> {
  const whole = encodeBody(good)
  const own = hostileAs(good)
  return fc.oneof(...own.map((arbitrary) => ({ arbitrary, weight: 3 })), ...ofAnyBody(whole))
}

/** What can be done to a body of its kind. */
function hostileAs(good: GoodBody): fc.Arbitrary<HostileBody>[] {
  if ('json' in good) return hostileJson(good.json)
  if ('bytes' in good) return hostileBytes(good.bytes)
  if ('form' in good) return hostileFields(good.form)
  return hostileForms(partsOf(good))
}

function typed(body: string | Buffer, type: string): HostileBody {
  return { bytes: Buffer.from(body), headers: { 'content-type': type } }
}

/** What can be done to any body. */
function ofAnyBody({ bytes, headers }: HostileBody): readonly fc.Arbitrary<HostileBody>[] {
  const types = [
    '',
    ';',
    'application/json; charset=utf-16',
    'application/json; charset=no-such',
    'application/json;;;',
    'multipart/form-data',
    'multipart/form-data; boundary=',
    `multipart/form-data; boundary="${'b'.repeat(300)}"`,
    'multipart/mixed; boundary=b',
    'application/x-www-form-urlencoded',
    'text/plain',
    'image/svg+xml',
    'image/png',
    'video/mp4',
    '*/*',
    'x'.repeat(5_000),
  ]
  return [
    fc.constantFrom(...types).map((type) => ({ bytes, headers: { 'content-type': type } })),
    fc.constantFrom('gzip', 'br', 'identity', 'zstd', 'gzip, gzip', '').map((coding) => ({
      bytes: coding === 'gzip' ? gzipSync(bytes) : bytes,
      headers: { ...headers, 'content-encoding': coding },
    })),
    fc.nat(bytes.length).map((length) => ({ bytes: bytes.subarray(0, length), headers })),
    fc.uint8Array({ maxLength: 2_000 }).map((noise) => ({ bytes: Buffer.from(noise), headers })),
    fc.constantFrom(300_000, 3_000_000).map((size) => ({ bytes: Buffer.alloc(size, 0x20), headers })),
    fc.constant({ bytes: Buffer.alloc(0), headers }),
  ]
}

function hostileJson(good: unknown): fc.Arbitrary<HostileBody>[] {
  const asJson = (value: unknown): HostileBody => typed(JSON.stringify(value) ?? '', json)
  const text = JSON.stringify(good)
  const raw = [
    `\uFEFF${text}`,
    `${text}${text}`,
    `{"a":1,"a":2,${text.slice(1)}`,
    text.replaceAll('"', "'"),
    text.replace('{', '{,'),
    `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
    `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
    `{"__proto__":${text}}`,
    '{"x":1e999}',
    `{"x":${'9'.repeat(10_000)}}`,
    'NaN',
    'undefined',
    '\u0000',
  ]
  return [
    spoiled(good).map(asJson),
    spoiled(good).chain(spoiled).map(asJson),
    hostileValues.map(asJson),
    fc.constantFrom(...raw).map((body) => typed(body, json)),
    // Not UTF-8, in the middle of a text.
    fc.constant({
      bytes: Buffer.concat([Buffer.from('{"x":"'), Buffer.from([0xff, 0xc3, 0x28]), Buffer.from('"}')]),
      headers: { 'content-type': json },
    }),
    fc.constant({ bytes: Buffer.from(text, 'utf16le'), headers: { 'content-type': json } }),
  ]
}

/** Fields as a page sends them, with one of them spoiled. */
function hostileFields(good: Readonly<Record<string, string>>): fc.Arbitrary<HostileBody>[] {
  const encode = (fields: unknown): HostileBody => {
    const pairs = Object.entries(fields ?? {}).map(
      ([name, value]) => [name, JSON.stringify(value) ?? ''] as [string, string],
    )
    return typed(new URLSearchParams(pairs).toString(), urlEncoded)
  }
  const text = new URLSearchParams(good).toString()
  const raw = [`${text}&${text}`, `${text}&a[b][c]=d`, '%', '=&=&=', 'x=%ff%fe', 'a&'.repeat(5_000), marker]
  return [spoiled(good).map(encode), fc.constantFrom(...raw).map((body) => typed(body, urlEncoded))]
}

/** Pictures that are cut, changed, or none. */
function hostileBytes(good: Buffer): fc.Arbitrary<HostileBody>[] {
  return [pictures(good).map((bytes) => typed(bytes, 'image/png'))]
}

function pictures(good: Buffer): fc.Arbitrary<Buffer> {
  return fc.oneof(
    fc.nat(good.length).map((length) => good.subarray(0, length)),
    fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, byte]) => {
      const changed = Buffer.from(good)
      changed[at] = byte
      return changed
    }),
    fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
    fc.constant(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')),
  )
}

type Part = { readonly head: string; readonly body: Buffer }
type GoodForm = Extract<GoodBody, { readonly file: Buffer }>

function partsOf({ file, field, fields = {} }: GoodForm): readonly Part[] {
  return [
    ...Object.entries(fields).map(([name, value]) => ({
      head: `content-disposition: form-data; name="${name}"`,
      body: Buffer.from(value),
    })),
    {
      head: `content-disposition: form-data; name="${field}"; filename="f.png"\r\ncontent-type: image/png`,
      body: file,
    },
  ]
}

function formOf(
  parts: readonly Part[],
  options: { readonly boundary?: string; readonly line?: string; readonly end?: string } = {},
): HostileBody {
  const { boundary = '----a-boundary-of-thirty-chars', line = '\r\n' } = options
  const { end = `--${boundary}--${line}` } = options
  const pieces = parts.flatMap(({ head, body }) => [
    Buffer.from(`--${boundary}${line}${head}${line}${line}`),
    body,
    Buffer.from(line),
  ])
  return {
    bytes: Buffer.concat([...pieces, Buffer.from(end)]),
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
  }
}

/** Forms as clients get them wrong, and as attackers get them right. */
function hostileForms(parts: readonly Part[]): fc.Arbitrary<HostileBody>[] {
  const file = parts.at(-1) as Part
  const heads = [
    '',
    'content-disposition: form-data',
    'content-disposition: form-data; name=""; filename=""',
    `content-disposition: form-data; name="${marker}"; filename="${marker}"`,
    `content-disposition: form-data; name="file"; filename="../../${marker}\u0000.png"`,
    "content-disposition: form-data; name=file; filename*=utf-8''%ff%fe",
    "content-disposition: form-data; name=file; filename*=no-such-charset'x'%41",
    `content-disposition: form-data; name="${'n'.repeat(2_000)}"; filename="f"`,
    `content-disposition: form-data; name="__proto__"; filename="f"`,
    `content-disposition: attachment; name="file"; filename="f"`,
    `content-disposition: form-data; name="file"; filename="f"\r\ncontent-transfer-encoding: base64`,
    `content-disposition: form-data; name="file"; filename="f"\r\ncontent-type: multipart/mixed; boundary=c`,
    `x-header: ${'x'.repeat(100_000)}`,
    `${'x: y\r\n'.repeat(3_000)}content-disposition: form-data; name="file"; filename="f"`,
  ]
  const field = (name: string, value: string): Part => ({
    head: `content-disposition: form-data; name="${name}"`,
    body: Buffer.from(value),
  })
  return [
    fc.constantFrom(...heads).map((head) => formOf([{ head, body: file.body }])),
    pictures(file.body).map((body) => formOf([...parts.slice(0, -1), { ...file, body }])),
    fc
      .tuple(
        fc.constantFrom('metadata', 'note', 'content_id', 'hash', '__proto__', marker, ''),
        hostileValues,
      )
      .map(([name, value]) =>
        formOf([field(name, typeof value === 'string' ? value : (JSON.stringify(value) ?? '')), ...parts]),
      ),
    fc.constantFrom(
      formOf(parts, { end: '' }),
      formOf(parts, { end: '------a-boundary-of-thirty-chars' }),
      formOf(parts, { line: '\n' }),
      formOf([]),
      formOf([...parts, ...parts]),
      formOf([file, field('metadata', '{"a":')]),
      formOf([...Array.from({ length: 100 }, (_, index) => field(`f${index}`, 'x')), file]),
      formOf([field('metadata', 'x'.repeat(200_000)), file]),
      { ...formOf(parts), headers: { 'content-type': 'multipart/form-data; boundary=other' } },
      formOf(parts, { boundary: '-'.repeat(69) }),
    ),
  ]
}
