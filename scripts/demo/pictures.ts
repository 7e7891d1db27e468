import { drawLandscape, recompress, resizeTo } from '../../test/support/images.ts'

/** One picture of the demo, who posts it, and what should become of it. */
export type Picture = {
  readonly name: string
  readonly file: string
  readonly bytes: Uint8Array
  readonly poster: 'alice' | 'bob'
  readonly isKnown: boolean
}

const size = { width: 720, height: 480 }

/** Draws the pictures; the first is the one that is banked, the last the harmless one. */
export async function drawPictures(): Promise<readonly [Picture, ...Picture[]]> {
  const known = await drawLandscape(1, size)
  const recompressed = await recompress(known, 40)
  const resized = await resizeTo(known, 360)
  const other = await recompress(await drawLandscape(2, size), 90)
  return [
    { name: 'the banked picture', file: 'banked.png', bytes: known, poster: 'alice', isKnown: true },
    { name: 'recompressed', file: 'recompressed.jpg', bytes: recompressed, poster: 'bob', isKnown: true },
    { name: 'resized', file: 'resized.jpg', bytes: resized, poster: 'bob', isKnown: true },
    { name: 'a harmless picture', file: 'harmless.jpg', bytes: other, poster: 'alice', isKnown: false },
  ]
}
