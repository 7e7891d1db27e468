import sharp, { type Metadata } from 'sharp'
import type { ImageFormat } from '../model/image.ts'
import type { UnscannableReason } from '../model/scan.ts'
import { estimateMemoryBytes } from './memory-estimate.ts'
import { maxAnimationFrames } from './pick-frames.ts'
import type { PixelLayout, PixelView } from './pixel-view.ts'
import { sniffFormat } from './sniff-format.ts'
import { trimWebp } from './trim-webp.ts'

/** What an image's header says, within the limits. */
type ImageHeader = {
  readonly format: ImageFormat
  /** Pixels, as stored; of an animation, those of its canvas. */
  readonly width: number
  readonly height: number
  readonly isCmyk: boolean
  /** Whether there is opacity at all; every pixel may still be opaque. */
  readonly hasAlpha: boolean
  /** EXIF's, 1 to 8; 1 is as stored. */
  readonly orientation: number
  /** How many frames a GIF or WebP has, at most `maxAnimationFrames`; 1 for every other format. */
  readonly frames: number
  /** The bytes to decode from, without the frames past that maximum. */
  readonly source: Uint8Array
}

/** Why these bytes can never be an image. */
type Unscannable = { readonly kind: 'unscannable'; readonly reason: UnscannableReason }
type DecodedHeader = { readonly kind: 'decoded'; readonly header: ImageHeader } | Unscannable
type DecodedFrame = { readonly kind: 'decoded'; readonly pixels: PixelView } | Unscannable

/** Decodes one image. A rejection means that the decoder is unwell, not that the bytes are bad. */
interface ImageDecoder {
  /** Reads the header alone, and refuses what would take more pixels or memory than the limits. */
  decodeHeader(bytes: Uint8Array): Promise<DecodedHeader>
  /**
   * Decodes one frame, counted from 1, into bytes that the caller owns. With `isAlphaKept` the fourth byte of an `rgbx`
   * view is the opacity; otherwise opacity is dropped.
   */
  decodeFrame(header: ImageHeader, frame: number, isAlphaKept: boolean): Promise<DecodedFrame>
}

/** Limits of a decoder. */
export type ImageDecoderOptions = {
  readonly maxPixels: number
  /** What the whole process may hold, in bytes. */
  readonly maxMemoryBytes: number
}

/** The libvips loaders that may run; every other one (SVG, PDF, raw camera formats, ...) is blocked. */
const allowedLoaders = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif', 'Tiff'].map(
  (name) => `VipsForeignLoad${name}Buffer`,
)
/** What libvips says when it has no memory: the machine's trouble and not the image's. */
const outOfMemory = /out of memory|unable to allocate|cannot allocate/i
/** What libvips calls the sizes of a sample that are not one byte. */
const bytesPerSample: Readonly<Record<string, number>> = {
  ushort: 2,
  short: 2,
  double: 8,
  complex: 8,
  dpcomplex: 16,
}

/**
 * Returns a decoder of hostile bytes and sets up libvips for it, process-wide: one thread, no cache, only the loaders of
 * the accepted formats. It belongs in a process of its own (`hash-process.ts`).
 *
 * Pixels are those that the PDQ reference sees: as stored, no colour profile, no EXIF rotation, one page, the high byte
 * of 16-bit samples, the inks of CMYK. A truncated file is decoded as far as it goes. A GIF frame that is smaller than
 * the canvas is laid on it, which the reference does not do.
 */
export function createImageDecoder(options: ImageDecoderOptions): ImageDecoder {
  sharp.cache(false)
  sharp.concurrency(1)
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({ operation: allowedLoaders })

  return {
    async decodeHeader(bytes) {
      if (bytes.length === 0) return unscannable('empty')
      const format = sniffFormat(bytes)
      if (format === undefined) return unscannable('unsupported-format')
      if (format === 'svg' || format === 'heic') return unscannable('format-refused')
      if (format !== 'webp') return await readHeader(bytes, format, options)
      const read = await readHeader(trimWebp(bytes, maxAnimationFrames), format, options)
      if (read.kind === 'decoded' || read.reason !== 'corrupt') return read
      // Viewers show the first frame of an animation whose end is missing or broken; libwebp refuses the whole.
      return await readHeader(trimWebp(bytes, 1), format, options)
    },
    async decodeFrame(header, frame, isAlphaKept) {
      try {
        const pixels = await decodePixels(header, frame, isAlphaKept, options.maxPixels)
        return { kind: 'decoded', pixels }
      } catch (error) {
        return reasonOf(error)
      }
    },
  }
}

async function readHeader(
  source: Uint8Array,
  format: ImageFormat,
  options: ImageDecoderOptions,
): Promise<DecodedHeader> {
  try {
    const found = await sharp(source, { limitInputPixels: false, failOn: 'none' }).metadata()
    return acceptHeader(found, format, source, options)
  } catch (error) {
    return reasonOf(error)
  }
}

function acceptHeader(
  found: Metadata,
  format: ImageFormat,
  source: Uint8Array,
  { maxPixels, maxMemoryBytes }: ImageDecoderOptions,
): DecodedHeader {
  const { width, height, channels, hasAlpha } = found
  if (found.format !== (format === 'avif' ? 'heif' : format)) return unscannable('corrupt')
  if (width * height > maxPixels) return unscannable('too-many-pixels')
  const isCmyk = found.space === 'cmyk'
  const isAnimation = format === 'gif' || format === 'webp'
  const frames = isAnimation ? Math.min(found.pages ?? 1, maxAnimationFrames) : 1
  const memoryBytes = estimateMemoryBytes({
    format,
    width,
    height,
    channels,
    bytesPerSample: bytesPerSample[found.depth] ?? (found.depth.endsWith('char') ? 1 : 4),
    hasFourth: isCmyk || hasAlpha,
    isProgressive: found.isProgressive,
    isSubsampled: found.chromaSubsampling === '4:2:0',
    size: source.length,
  })
  if (memoryBytes > maxMemoryBytes) return unscannable('too-much-memory')
  const orientation = found.orientation ?? 1
  return { kind: 'decoded', header: { format, width, height, isCmyk, hasAlpha, orientation, frames, source } }
}

async function decodePixels(
  header: ImageHeader,
  frame: number,
  isAlphaKept: boolean,
  maxPixels: number,
): Promise<PixelView> {
  const page = frame > 1 ? { page: frame - 1 } : {}
  const image = sharp(header.source, {
    ignoreIcc: true,
    failOn: 'none',
    limitInputPixels: maxPixels,
    ...page,
  })
  const prepared = header.isCmyk
    ? image.pipelineColourspace('cmyk').toColourspace('cmyk')
    : (isAlphaKept ? image : image.removeAlpha()).toColourspace('srgb')
  const { data, info } = await prepared.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  const layout = header.isCmyk ? 'cmyk' : layoutOf(channels)
  return { data, layout, width, height, offset: 0, xStep: channels, yStep: width * channels }
}

/** Channels past those of the layout, as TIFF may have, are stepped over. */
function layoutOf(channels: number): PixelLayout {
  if (channels < 3) return 'grey'
  return channels === 3 ? 'rgb' : 'rgbx'
}

/** Translates what libvips threw. @throws the same error when it is about the machine. */
function reasonOf(error: unknown): Unscannable {
  if (!(error instanceof Error) || outOfMemory.test(error.message)) throw error
  return unscannable(/pixel limit/.test(error.message) ? 'too-many-pixels' : 'corrupt')
}

function unscannable(reason: UnscannableReason): Unscannable {
  return { kind: 'unscannable', reason }
}
