import type { ImageFormat } from '../model/image.ts'

/** What an image's header says that decoding it will hold. */
export type DecodingNeeds = {
  readonly format: ImageFormat
  readonly width: number
  readonly height: number
  /** Samples per pixel, as stored. */
  readonly channels: number
  /** 1, 2 for up to 16 bits, 4 or 8. */
  readonly bytesPerSample: number
  /** Whether opacity or a fourth ink is decoded too. */
  readonly hasFourth: boolean
  /** Progressive JPEG or interlaced PNG: nothing can be shown before nearly everything was read. */
  readonly isProgressive: boolean
  /** JPEG with a quarter of the colour samples (4:2:0). */
  readonly isSubsampled: boolean
  /** Bytes of the file. */
  readonly size: number
}

/** What a decoder process holds before an image; 65 to 90 MiB measured. */
const idleBytes = 100 * 2 ** 20
/** Row buffers and the like, in bytes per pixel; 0.5 to 1.3 measured, 2.6 for 32-bit TIFF. */
const rowBytesPerPixel = 1.5

/** What each format's decoder holds of the whole picture, beside the finished pixels, in bytes per pixel. */
const workingBytesPerPixel: Readonly<Record<ImageFormat, (needs: DecodingNeeds) => number>> = {
  // Coefficients of 16 bits.
  jpeg: ({ isProgressive, isSubsampled, channels }) =>
    isProgressive ? 2 * (isSubsampled ? 1.5 : channels) : 0,
  png: ({ isProgressive, channels, bytesPerSample }) => (isProgressive ? channels * bytesPerSample : 0),
  tiff: ({ bytesPerSample }) => (bytesPerSample > 2 ? 2 : 0),
  gif: () => 4,
  webp: ({ hasFourth }) => (hasFourth ? 8.5 : 7.5),
  avif: ({ bytesPerSample, channels }) => (bytesPerSample > 1 || channels > 3 ? 22.5 : 16),
}

/**
 * Returns the most memory that a decoder process is expected to hold for an image, in bytes. Measured on pictures of 24
 * megapixels (sharp 0.35.5, one thread) and 10 to 25 percent above what was seen: 4.5 bytes per pixel for JPEG and PNG,
 * 7.5 to 13.5 when progressive, 8.5 for GIF, 12 to 14 for WebP, 20 to 28 for AVIF. A header that lies is left to
 * `watch-memory.ts`.
 */
export function estimateMemoryBytes(needs: DecodingNeeds): number {
  const { width, height, size } = needs
  const pixelBytes = needs.hasFourth ? 4 : 3
  const perPixel = pixelBytes + rowBytesPerPixel + workingBytesPerPixel[needs.format](needs)
  // The file is held as received and as handed over.
  return idleBytes + 2 * size + Math.ceil(width * height * perPixel)
}
