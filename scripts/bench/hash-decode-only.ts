/* The entry of a decoder process that hashes nothing: what is left is the limit. */
import { createImageDecoder } from '../../src/scan/decode-image.ts'
import { parseProcessLimits, serveImages } from '../../src/scan/serve-images.ts'

const decoder = createImageDecoder(parseProcessLimits(process.argv))

serveImages(async (bytes, plan) => {
  const startedAt = performance.now()
  const opened = await decoder.decodeHeader(bytes)
  if (opened.kind === 'decoded') {
    await decoder.decodeFrame(opened.header, 1, plan.isFlattened && opened.header.hasAlpha)
  }
  return { kind: 'unscannable', reason: 'empty', decodeMs: performance.now() - startedAt, hashMs: 0 }
})
