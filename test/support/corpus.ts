import sharp, { type Sharp } from 'sharp'
import type { ImageFormat } from '../../src/model/image.ts'
import { drawLandscape, drawPattern, type PictureSize } from './images.ts'
import { drawScreen } from './screen.ts'

/** A file of the corpus. */
export type CorpusFile = { readonly format: ImageFormat; readonly bytes: Buffer }

/** A kind of file: how many of a hundred there are, what it shows, and how it is written. */
type Kind = {
  readonly format: ImageFormat
  readonly share: number
  readonly shows: Subject
  /** `variation` counts from 0, so that the files of a kind differ. */
  write(picture: Sharp, variation: number): Sharp | Promise<Sharp>
}
type Subject = 'photograph' | 'screen' | 'sticker' | 'drawing'

/** Qualities of 80 to 92, as apps and the web use them: 1.4 bits a pixel of what a camera takes. */
const quality = (variation: number): number => 80 + (variation % 13)

/**
 * What people post, in every format that is taken. Nobody publishes how many of each there are, so the shares are reasoned:
 *
 * - JPEG, 70: the largest client writes every picture as JPEG, and photographs come as nothing else. One in nine or so is
 *   progressive, as files from the web are. One in six says by EXIF how it is to be turned: a telephone held upright writes
 *   orientation 6, and clients that do not re-encode leave it; 3 and 8 are the telephone held otherwise. CMYK is what print
 *   shops leave: rare, but there.
 * - PNG, 15: screens and drawings, which clients that keep files as they are post as they are. Half have no opacity; a
 *   quarter have some and use it, as stickers and logos do; palettes are what tools that make PNG small leave. 16 bits are
 *   rare.
 * - WebP, 8: what the web serves and people save, and what bridges from other networks hand on; mostly lossy.
 * - AVIF, 3 and GIF, 3: new, and old; a GIF is mostly an animation.
 * - TIFF, 1: scans. Nearly nobody posts it, but it is taken.
 *
 * A post's image is at most 2 MB (`app.bsky.embed.images`), and so is every file here: PNG are therefore screens and drawings,
 * without the grain of a camera, which no PNG of this size could hold.
 */
const kinds: readonly Kind[] = [
  { format: 'jpeg', share: 48, shows: 'photograph', write: (p, n) => p.jpeg({ quality: quality(n) }) },
  {
    format: 'jpeg',
    share: 8,
    shows: 'photograph',
    write: (p, n) => p.jpeg({ quality: quality(n), progressive: true }),
  },
  {
    format: 'jpeg',
    share: 12,
    shows: 'photograph',
    write: (p, n) =>
      p.withMetadata({ orientation: [6, 6, 6, 3, 8][n % 5] as number }).jpeg({ quality: quality(n) }),
  },
  {
    format: 'jpeg',
    share: 2,
    shows: 'photograph',
    write: (p, n) => p.toColourspace('cmyk').jpeg({ quality: quality(n) }),
  },
  { format: 'png', share: 7, shows: 'screen', write: (p) => p.png({ compressionLevel: 6 }) },
  { format: 'png', share: 4, shows: 'sticker', write: (p) => p.png({ compressionLevel: 6 }) },
  { format: 'png', share: 3, shows: 'screen', write: (p) => p.png({ palette: true, effort: 1 }) },
  { format: 'png', share: 1, shows: 'screen', write: (p) => p.toColourspace('rgb16').png() },
  {
    format: 'webp',
    share: 6,
    shows: 'photograph',
    write: (p, n) => p.webp({ quality: quality(n), effort: 1 }),
  },
  { format: 'webp', share: 2, shows: 'screen', write: (p) => p.webp({ lossless: true, effort: 0 }) },
  { format: 'avif', share: 3, shows: 'photograph', write: (p) => p.avif({ quality: 60, effort: 0 }) },
  { format: 'gif', share: 3, shows: 'drawing', write: animate },
  { format: 'tiff', share: 1, shows: 'screen', write: (p) => p.tiff({ compression: 'lzw' }) },
]

/** How much brightness differs from pixel to pixel, as a camera's sensor makes it; photographs then take 1 to 2 bits a pixel. */
const grain = 5
/** How many pictures of a subject there are in each size; files beyond that show a part of one of them. */
const distinct: Readonly<Record<Subject, number>> = { photograph: 3, screen: 2, sticker: 1, drawing: 1 }

/**
 * Draws a corpus of so many files: every format in its share, and in every format the sizes in turn. The same arguments give
 * the same files, each another one.
 */
export async function drawCorpus(sizes: readonly PictureSize[], count: number): Promise<CorpusFile[]> {
  const pictures = new Map<string, Promise<Buffer>>()
  const written = kinds.map(() => 0)
  const files: Promise<CorpusFile>[] = []
  while (files.length < count) {
    const at = mostWanted(written, files.length + 1)
    const kind = kinds[at] as Kind
    const variation = written[at] as number
    written[at] = variation + 1
    const size = sizes[variation % sizes.length] as PictureSize
    const seed = Math.floor(variation / sizes.length) % distinct[kind.shows]
    const key = `${kind.shows} ${seed} ${size.width}`
    const picture = pictures.get(key) ?? drawSubject(kind.shows, seed, size)
    pictures.set(key, picture)
    files.push(picture.then((pixels) => writeFile(kind, pixels, size, variation)))
  }
  return await Promise.all(files)
}

async function writeFile(
  { format, shows, write }: Kind,
  pixels: Buffer,
  { width, height }: PictureSize,
  variation: number,
): Promise<CorpusFile> {
  // The edge is cut a little, so that every file is another one.
  const left = Math.min(variation, 40)
  const part = sharp(pixels, { raw: { width, height, channels: shows === 'sticker' ? 4 : 3 } }).extract({
    left,
    top: 0,
    width: width - left,
    height,
  })
  return { format, bytes: await (await write(part, variation)).toBuffer() }
}

/** Returns the kind that is furthest behind its share of so many files. */
function mostWanted(written: readonly number[], files: number): number {
  const missing = kinds.map(({ share }, at) => (share * files) / 100 - (written[at] as number))
  return missing.indexOf(Math.max(...missing))
}

/** Draws a picture as bytes, row by row: RGB, for a sticker with opacity. */
async function drawSubject(shows: Subject, seed: number, size: PictureSize): Promise<Buffer> {
  if (shows === 'screen') return drawScreen(seed, size)
  const isPattern = shows !== 'photograph' || seed === 2
  // Drawn at half the size, which takes a quarter of the time, and enlarged; a camera's grain is that of the whole size.
  const half = { width: size.width >> 1, height: size.height >> 1 }
  const png = await (isPattern ? drawPattern(seed, half) : drawLandscape(seed + 1, half))
  const { width, height } = size
  const rgb = await sharp(png).resize(width, height, { fit: 'fill' }).removeAlpha().raw().toBuffer()
  if (shows === 'photograph') addGrain(rgb)
  return shows === 'sticker' ? cutOut(rgb, size) : rgb
}

/** Adds noise to the brightness of each pixel: the sum of four draws, by a small generator, so that it is the same each time. */
function addGrain(rgb: Buffer): void {
  let state = 0x2545f491
  for (let at = 0; at < rgb.length; at += 3) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const sum = (state & 255) + ((state >>> 8) & 255) + ((state >>> 16) & 255) + (state >>> 24) - 510
    const noise = Math.round((sum * grain) / 148)
    for (let channel = 0; channel < 3; channel++) {
      rgb[at + channel] = Math.min(255, Math.max(0, (rgb[at + channel] as number) + noise))
    }
  }
}

/** Returns a picture in few colours, in a round shape with a soft edge, and nothing round it. */
function cutOut(rgb: Buffer, { width, height }: PictureSize): Buffer {
  const rgba = Buffer.alloc(width * height * 4)
  for (let at = 0; at < width * height; at++) {
    const [x, y] = [(at % width) / width - 0.5, Math.floor(at / width) / height - 0.5]
    const alpha = Math.min(1, Math.max(0, (0.45 - Math.hypot(x, y)) * 100))
    if (alpha === 0) continue
    for (let channel = 0; channel < 3; channel++)
      rgba[at * 4 + channel] = (rgb[at * 3 + channel] as number) & 0xe0
    rgba[at * 4 + 3] = Math.round(alpha * 255)
  }
  return rgba
}

/** Writes an animation of eight small frames, each a part of the picture. */
async function animate(picture: Sharp): Promise<Sharp> {
  const { data, info } = await picture.resize(520).raw().toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  const frames = Array.from({ length: 8 }, (_, frame) => {
    const part = { left: frame * 5, top: 0, width: width - 40, height }
    return sharp(data, { raw: { width, height, channels } })
      .extract(part)
      .png({ compressionLevel: 1 })
      .toBuffer()
  })
  return sharp(await Promise.all(frames), { join: { animated: true } }).gif({ effort: 1 })
}
