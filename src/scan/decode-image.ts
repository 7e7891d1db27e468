import sharp, { type Metadata } from 'sharp'
import type { ImageFormat } from '../model/image.ts'
import type { UnscannableReason } from '../model/scan.ts'
import type { PixelBuffer } from './pdq-luma.ts'
import { sniffFormat } from './sniff-format.ts'

/** A decoded image, or why these bytes can never be one. */
type DecodedImage =
  | { readonly kind: 'decoded'; readonly format: ImageFormat; readonly pixels: PixelBuffer }
  | { readonly kind: 'unscannable'; readonly reason: UnscannableReason }

/** Decodes one image. A rejection means that the decoder is unwell, not that the bytes are bad. */
export type ImageDecoder = (bytes: Uint8Array) => Promise<DecodedImage>

/** The libvips loaders that may run; every other one (SVG, PDF, raw camera formats, ...) is blocked. */
const allowedLoaders = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif', 'Tiff'].map(
  (name) => `VipsForeignLoad${name}Buffer`,
)
/** What libvips says when it has no memory: the machine's trouble and not the image's. */
const outOfMemory = /out of memory|unable to allocate|cannot allocate/i

/**
 * Returns a decoder of hostile bytes and sets up libvips for it, process-wide: one thread, no cache, only the loaders of
 * the accepted formats. It belongs in a process of its own (`hash-process.ts`).
 *
 * Pixels are those that the PDQ reference sees: as stored, no colour profile, no EXIF rotation, alpha dropped, first page
 * only, the high byte of 16-bit samples, CMYK by the naive formula. A truncated file is decoded as far as it goes.
 */
export function createImageDecoder(options: { readonly maxPixels: number }): ImageDecoder {
  sharp.cache(false)
  sharp.concurrency(1)
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({ operation: allowedLoaders })

  return async (bytes) => {
    if (bytes.length === 0) return unscannable('empty')
    const format = sniffFormat(bytes)
    if (format === undefined) return unscannable('unsupported-format')
    if (format === 'svg' || format === 'heic') return unscannable('format-refused')
    try {
      const header = await sharp(bytes, { limitInputPixels: false, failOn: 'none' }).metadata()
      if (header.format !== (format === 'avif' ? 'heif' : format)) return unscannable('corrupt')
      if (header.width * header.height > options.maxPixels) return unscannable('too-many-pixels')
      return { kind: 'decoded', format, pixels: await decodePixels(bytes, header, options.maxPixels) }
    } catch (error) {
      if (!(error instanceof Error) || outOfMemory.test(error.message)) throw error
      return unscannable(/pixel limit/.test(error.message) ? 'too-many-pixels' : 'corrupt')
    }
  }
}

async function decodePixels(bytes: Uint8Array, header: Metadata, maxPixels: number): Promise<PixelBuffer> {
  const image = sharp(bytes, { ignoreIcc: true, failOn: 'none', limitInputPixels: maxPixels })
  const isCmyk = header.space === 'cmyk'
  const prepared = isCmyk
    ? image.pipelineColourspace('cmyk').toColourspace('cmyk')
    : image.removeAlpha().toColourspace('srgb')
  const { data, info } = await prepared.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  if (isCmyk) return { data: rgbOfCmyk(data, channels), width, height, channels: 3 }
  if (channels !== 1 && channels !== 3) throw new Error(`Expected 1 or 3 channels but received ${channels}`)
  return { data, width, height, channels }
}

/** The reference's formula, `R = (255 - C) (255 - K) / 255`, rounded; any channel after K is not looked at. */
function rgbOfCmyk(data: Uint8Array, channels: number): Uint8Array {
  const rgb = new Uint8Array((data.length / channels) * 3)
  for (let from = 0, to = 0; to < rgb.length; from += channels, to += 3) {
    const light = 255 - data[from + 3]!
    for (let ink = 0; ink < 3; ink++) rgb[to + ink] = Math.round(((255 - data[from + ink]!) * light) / 255)
  }
  return rgb
}

function unscannable(reason: UnscannableReason): DecodedImage {
  return { kind: 'unscannable', reason }
}
