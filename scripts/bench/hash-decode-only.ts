/* The entry of a decoder process that hashes nothing: what is left is the limit. */
import { createImageDecoder } from '../../src/scan/decode-image.ts'
import { releasePixels } from '../../src/scan/release-pixels.ts'
import { parseProcessLimits, serveImages } from '../../src/scan/serve-images.ts'

const decoder = createImageDecoder(parseProcessLimits(process.argv))

serveImages(async (bytes, plan) => {
  const startedAt = performance.now()
  const opened = await decoder.decodeHeader(bytes)
  if (opened.kind === 'decoded') {
    const frame = await decoder.decodeFrame(opened.header, 1, plan.isFlattened && opened.header.hasAlpha)
    // As the hasher does: pixels left to the collector cost page faults, and the limit would look lower than it is.
    if (frame.kind === 'decoded') releasePixels(frame.pixels)
  }
  return { kind: 'unscannable', reason: 'empty', decodeMs: performance.now() - startedAt, hashMs: 0 }
})
