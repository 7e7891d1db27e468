import { enumBlobRefs, getBlobCidString } from '@atproto/lex-data'
import { jsonToLex } from '@atproto/lex-json'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AtUri, Cid, Did } from '../model/ids.ts'
import { extractImages } from './extract-images.ts'

const did = 'did:plc:44ybard66vv44zksje25o7dz'
const place = {
  did: did as Did,
  uri: `at://${did}/app.bsky.feed.post/3m2vihxv5yc2a` as AtUri,
  recordCid: 'bafyreibqzwyljauexe3j6stwnh6t2g2lgxbywxpyzi62w7oja6lashcv34' as Cid,
}
const [cidA, cidB, cidC] = [
  'bafkreie2rfkf6vlf5vhwamxxxpd36dtcrb54pqlyphx5xaj65hxqt3z7cq',
  'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
  'bafkreidgvpkjawlxz6sffxzwgooowe5yt7i6wsyg236mfoks77nywkptdq',
] as const

describe('extractImages', () => {
  it('says where the image was seen and what its author says of it', () => {
    const { images, drops } = extractFrom({ embed: { images: [{ image: blob(cidA, 'image/PNG', 12) }] } })
    expect(images).toEqual([{ ...place, cid: cidA, use: 'post', mimeType: 'image/png', size: 12 }])
    expect(drops).toEqual([])
  })

  it.each([
    [
      'the images of a post',
      { embed: { $type: 'app.bsky.embed.images', images: [{ image: blob(cidA) }, { image: blob(cidB) }] } },
    ],
    [
      'a gallery',
      { embed: { $type: 'app.bsky.embed.gallery', items: [{ image: blob(cidA) }, { image: blob(cidB) }] } },
    ],
    [
      'a quote with media',
      {
        embed: {
          $type: 'app.bsky.embed.recordWithMedia',
          record: {},
          media: { images: [{ image: blob(cidA) }, { image: blob(cidB) }] },
        },
      },
    ],
    [
      'the card of a link',
      { embed: { external: { uri: 'https://a.example', thumb: blob(cidA) } }, more: blob(cidB) },
    ],
    ['a profile', { $type: 'app.bsky.actor.profile', avatar: blob(cidA), banner: blob(cidB) }],
    [
      'a lexicon nobody has heard of',
      { $type: 'org.example.art', pages: [[{ a: blob(cidA) }], { b: { c: blob(cidB) } }] },
    ],
    [
      'the old form of blobs',
      { avatar: { cid: cidA, mimeType: 'image/jpeg' }, banner: { cid: cidB, mimeType: 'image/png' } },
    ],
    ['bytes without a type', { file: blob(cidA, 'application/octet-stream'), next: blob(cidB) }],
  ])('finds the images of %s, first in the document first', (_what, record) => {
    expect(cidsOf(record)).toEqual([cidA, cidB])
  })

  it('passes over video, captions and what is no blob at all', () => {
    const video = { embed: { video: blob(cidA, 'video/mp4'), captions: [{ file: blob(cidB, 'text/vtt') }] } }
    expect(extractFrom(video)).toEqual({ images: [], drops: [] })
    const subject = {
      subject: { uri: place.uri, cid: place.recordCid },
      image: 'none',
      $type: 'blob',
      size: null,
    }
    expect(extractFrom(subject)).toEqual({ images: [], drops: [] })
  })

  it('names a CID once, whatever the record repeats', () => {
    expect(cidsOf({ a: blob(cidA), b: blob(cidB), c: blob(cidA, 'image/webp') })).toEqual([cidA, cidB])
  })

  it('refuses blobs that are not raw SHA-256, one by one', () => {
    const { images, drops } = extractFrom({
      a: blob(place.recordCid),
      b: blob('nonsense'),
      c: blob(cidA),
      d: { ...blob(cidB), ref: 7 },
    })
    expect(images.map(({ cid }) => cid)).toEqual([cidA])
    expect(drops).toEqual(['bad-blob-cid', 'bad-blob-cid', 'bad-blob-cid'])
  })

  it('looks at no more images than the limit, and says once that there were more', () => {
    const record = { images: [blob(cidA), blob(cidA), blob(cidB), blob(cidC), blob('nonsense')] }
    const { images, drops } = extractImages({ ...place, record }, 2)
    expect(images.map(({ cid }) => cid)).toEqual([cidA, cidB])
    expect(drops).toEqual(['too-many-blobs'])
    expect(
      extractImages({ ...place, record: { images: [blob(cidA), blob(cidA), blob(cidB)] } }, 2).drops,
    ).toEqual([])
  })

  it('keeps an untrusted size and type in bounds', () => {
    const { images } = extractFrom({
      a: blob(cidA, `image/${'x'.repeat(5_000)}`, -1),
      b: blob(cidB, 'image/png', 1.5),
    })
    expect(images.map(({ size }) => size)).toEqual([undefined, undefined])
    expect(images[0]?.mimeType).toHaveLength(100)
  })

  it.each([['text'], [7], [null], [true], [[blob(cidA)]]])('cannot read %j as a record', (record) => {
    expect(extractFrom(record)).toEqual({ images: [], drops: ['record-unreadable'] })
  })

  it('finds an image behind any depth and any width, where recursion and argument lists end', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(50_000)}${JSON.stringify(blob(cidA))}${'}'.repeat(50_000)}`)
    expect(() => jsonToLex(deep)).toThrow(RangeError)
    expect(cidsOf(deep)).toEqual([cidA])
    const wide = { junk: Array.from({ length: 300_000 }, () => 0), image: blob(cidA) }
    expect(() => [...enumBlobRefs(wide)]).toThrow(RangeError)
    expect(cidsOf(wide)).toEqual([cidA])
  })

  it('finds an image inside what only looks like a blob', () => {
    expect(cidsOf({ work: { cid: 'mine', mimeType: 'image/png', thumb: blob(cidA) } })).toEqual([cidA])
    expect(cidsOf({ film: { ...blob(cidB, 'video/mp4'), still: blob(cidA) } })).toEqual([cidA])
    expect(cidsOf({ odd: { ...blob(cidB), ref: { thumb: blob(cidA) } } })).toEqual([cidA])
  })

  it('misses nothing that the reference finds in data of any shape', () => {
    const scalar = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.constantFrom(cidA, 'image/png', 'blob'),
    )
    const key = fc.constantFrom('$type', 'cid', 'mimeType', 'ref', 'size', '$link', 'image', 'thumb')
    const data = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 5 },
        scalar,
        fc.constantFrom(blob(cidA), blob(cidB)),
        tie('list'),
        tie('map'),
      ),
      list: fc.array(tie('any'), { maxLength: 3 }),
      map: fc.dictionary(key, tie('any'), { maxKeys: 5 }),
    }))
    let found = 0
    fc.assert(
      fc.property(data.map, (drawn) => {
        const record = JSON.parse(JSON.stringify(drawn))
        const refs = [...enumBlobRefs(jsonToLex(record), { strict: true, allowLegacy: true })]
        const images = refs
          .filter((ref) => ref.mimeType.startsWith('image/'))
          .map((ref) => getBlobCidString(ref))
        expect(cidsOf(record)).toEqual(expect.arrayContaining([...new Set(images)]))
        found += images.length
      }),
      { numRuns: 500 },
    )
    expect(found).toBeGreaterThan(100)
  })

  it('finds what the reference finds in valid data, in the reverse of its order', () => {
    const someBlob = fc.constantFrom(blob(cidA), blob(cidB), { cid: cidC, mimeType: 'image/gif' })
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.integer(),
        fc.constant(null),
        someBlob,
        tie('list'),
        tie('map'),
      ),
      list: fc.array(tie('value'), { maxLength: 4 }),
      map: fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tie('value'), { maxKeys: 4 }),
    }))
    let found = 0
    fc.assert(
      fc.property(value.map, (drawn) => {
        // Through text, as from the wire: a value drawn twice must not be one object in two places.
        const record = JSON.parse(JSON.stringify(drawn))
        const refs = [...enumBlobRefs(jsonToLex(record), { strict: false, allowLegacy: true })]
        const expected = [...new Set(refs.map((ref) => getBlobCidString(ref)).reverse())]
        expect(cidsOf(record)).toEqual(expected)
        found += expected.length
      }),
    )
    expect(found).toBeGreaterThan(0)
  })
})

function extractFrom(record: unknown) {
  return extractImages({ ...place, record }, 50)
}

function cidsOf(record: unknown): readonly string[] {
  return extractFrom(record).images.map(({ cid }) => cid)
}

function blob(cid: string, mimeType = 'image/jpeg', size = 1_000) {
  return { $type: 'blob', ref: { $link: cid }, mimeType, size }
}
